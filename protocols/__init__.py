"""One package a protocol: messages, a sans-I/O state machine, and a thin asyncio transport.

No room here knows another, nor the energy side; a driver in ``app`` joins them.
"""
