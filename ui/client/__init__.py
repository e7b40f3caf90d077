"""The engine's API from the window's side: run file, REST, live stream. Nothing here waits."""
