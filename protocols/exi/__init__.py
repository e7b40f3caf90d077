"""EXI, the binary XML of ISO 15118 (W3C Efficient XML Interchange 1.0).

The typed classes in `messages` are the schema; encoders and decoders are compiled from them on first use.
"""
