"""Encoders and decoders as straight Python source, written from the grammar and compiled on first use.

Compiled code only ever says *no*; `protocols.exi.walk` then says why.
"""
