"""EXI, the binary XML of ISO 15118 (W3C Efficient XML Interchange 1.0, bit-packed, schema-informed, not strict).

The typed classes in `messages` are the schema; encoders and decoders are compiled from them on first use.

    from protocols.exi import V20_DC, decode, encode, from_json, to_json
    from protocols.exi.messages import dc

    message = decode(V20_DC, data)
    data = encode(V20_DC, message)

What is signed is not the message but an element out of it, as a fragment:

    data = encode_fragment(V2, message.Body.BodyElement)
    name, element = decode_fragment(V2, data)

Every failure is an `ExiError` with one sentence. A document carries no V2GTP header.
"""

from protocols.exi.codec import decode, encode, prepare
from protocols.exi.errors import ExiError
from protocols.exi.fragments import decode_fragment, encode_fragment
from protocols.exi.mapping import fragment_from_json, fragment_to_json, from_json, to_json
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
    "decode_fragment",
    "encode",
    "encode_fragment",
    "fragment_from_json",
    "fragment_to_json",
    "from_json",
    "prepare",
    "to_json",
]
