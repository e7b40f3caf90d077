"""The window's own small widgets: labels, cards, inline messages, skeletons, and the picture of the flows."""
