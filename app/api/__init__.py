"""The engine's one interface: a versioned local HTTP API with a live event stream."""
