"""The engine: wires a home together. The only floor that knows both energy and protocols."""
