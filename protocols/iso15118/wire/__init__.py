"""How bytes reach the other end: interfaces, discovery (SDP), TCP, TLS, and their capture. All I/O is here.

What decides is outside: the engines (`protocols.iso15118.secc`, `evcc`) are given bytes and time.
"""
