"""Compiling the codec before the first car comes: a message met for the first time costs up to 40 ms."""

from functools import cache

from protocols.exi import decode, encode
from protocols.iso15118.car_fields import LOOP_TYPES
from protocols.iso15118.refusal import least, message_class
from protocols.iso15118.table import EXCHANGES


@cache
def warm_up() -> int:
    """Write and read the least form of every message that a session may meet; returns how many, once a process."""
    documents = [
        (exchange.namespace, least(message_class(name)))
        for exchange in EXCHANGES.values()
        for name in (exchange.request, exchange.response)
    ]
    for service, mode in LOOP_TYPES:
        request = least(message_class(f"{service.energy.upper()}_ChargeLoopReq"))
        request.CLReqControlMode = least(LOOP_TYPES[service, mode])
        documents.append((service.namespace, request))
    for namespace, message in documents:
        decode(namespace, encode(namespace, message))
    return len(documents)
