"""DIN SPEC 70121:2012: DC charging with payment by external means, the oldest of the three generations.

Power flows one way only; there is no pause, no renegotiation, no Plug & Charge and no TLS.
"""

from protocols.iso15118.din.dialect import Din

DIALECTS = (Din(),)
