"""ISO 15118-20: one dialect for AC, one for DC, as its handshake has them."""

from protocols.exi.namespaces import V20_AC, V20_DC
from protocols.iso15118.services import Energy, ProtocolName
from protocols.iso15118.v20.dialect import V20

DIALECTS = (
    V20(ProtocolName.V20_DC, "ISO 15118-20 (DC)", V20_DC, Energy.DC),
    V20(ProtocolName.V20_AC, "ISO 15118-20 (AC)", V20_AC, Energy.AC),
)
