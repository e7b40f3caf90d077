"""Plots. The only rooms that import pyqtgraph (half a second): pages load them after they have painted."""
