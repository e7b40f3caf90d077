"""The window: a client of the engine's API, and nothing more. It may be killed at any time; the engine goes on."""
