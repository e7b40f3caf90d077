"""EXI, the binary XML of ISO 15118 (W3C Efficient XML Interchange 1.0, bit-packed, schema-informed, not strict).

The typed classes in `messages` are the schema; encoders and decoders are compiled from them on first use.

    from protocols.exi import V20_DC, decode, encode, from_json, to_json
    from protocols.exi.messages import dc

    message = decode(V20_DC, data)
    data = encode(V20_DC, message)

Every failure is an `ExiError` with one sentence. A document carries no V2GTP header.
"""

from protocols.exi.codec import decode, encode, prepare
from protocols.exi.errors import ExiError
from protocols.exi.mapping import from_json, to_json
from protocols.exi.namespaces import APP_PROTOCOL, DIN, V2, V20_AC, V20_ACDP, V20_COMMON, V20_DC, V20_WPT, XMLDSIG
from protocols.exi.schema import Element as Message

__all__ = [
    "APP_PROTOCOL",
    "DIN",
    "V2",
    "V20_AC",
    "V20_ACDP",
    "V20_COMMON",
    "V20_DC",
    "V20_WPT",
    "XMLDSIG",
    "ExiError",
    "Message",
    "decode",
    "encode",
    "from_json",
    "prepare",
    "to_json",
]
