"""ISO 15118-2:2014: AC and DC charging, by external means or by contract; power flows one way only.

Discharging does not exist here: a set-point below zero becomes 0 W.
"""

from protocols.iso15118.v2.dialect import DIALECTS

__all__ = ["DIALECTS"]
