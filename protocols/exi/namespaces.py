"""The namespaces that select a schema set; each set is a grammar of its own and is never merged with another."""

from typing import Final

APP_PROTOCOL: Final = "urn:iso:15118:2:2010:AppProtocol"
V20_COMMON: Final = "urn:iso:std:iso:15118:-20:CommonMessages"
V20_AC: Final = "urn:iso:std:iso:15118:-20:AC"
V20_DC: Final = "urn:iso:std:iso:15118:-20:DC"
V20_WPT: Final = "urn:iso:std:iso:15118:-20:WPT"
V20_ACDP: Final = "urn:iso:std:iso:15118:-20:ACDP"

V2: Final = "urn:iso:15118:2:2013:MsgDef"
V2_BODY: Final = "urn:iso:15118:2:2013:MsgBody"
V2_TYPES: Final = "urn:iso:15118:2:2013:MsgDataTypes"
V2_HEADER: Final = "urn:iso:15118:2:2013:MsgHeader"
DIN: Final = "urn:din:70121:2012:MsgDef"

V20_COMMON_TYPES: Final = "urn:iso:std:iso:15118:-20:CommonTypes"
"""Imported by the -20 sets; no document starts here."""
DIN_BODY: Final = "urn:din:70121:2012:MsgBody"
DIN_TYPES: Final = "urn:din:70121:2012:MsgDataTypes"
DIN_HEADER: Final = "urn:din:70121:2012:MsgHeader"
"""Imported by the DIN set; no document starts here."""
XMLDSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
"""Imported by every set but AppProtocol's for signatures; a set of its own for what is signed."""
