"""Which dialects there are. Each generation's folder is imported only when it is asked for: a charger for -20 alone
never loads the messages of -2 and DIN."""

from collections.abc import Callable, Iterable
from functools import cache

from protocols.exi import prepare
from protocols.exi.namespaces import APP_PROTOCOL
from protocols.iso15118.dialect import Dialect
from protocols.iso15118.services import ProtocolName


def _v20() -> Iterable[Dialect]:
    from protocols.iso15118.v20 import DIALECTS

    return DIALECTS


def _v2() -> Iterable[Dialect]:
    from protocols.iso15118.v2 import DIALECTS

    return DIALECTS


def _din() -> Iterable[Dialect]:
    from protocols.iso15118.din import DIALECTS

    return DIALECTS


GENERATIONS: dict[ProtocolName, Callable[[], Iterable[Dialect]]] = {
    ProtocolName.V20_DC: _v20,
    ProtocolName.V20_AC: _v20,
    ProtocolName.V2: _v2,
    ProtocolName.DIN: _din,
}
"""Where each protocol comes from. A new generation adds its line here, and a function like `_v20`."""


@cache
def dialect(name: ProtocolName) -> Dialect:
    """The dialect of this name; raises `LookupError` for one that is not there."""
    for found in GENERATIONS[name]():
        if found.name is name:
            return found
    raise LookupError(f"no dialect is named {name}")


def dialects(names: Iterable[ProtocolName]) -> tuple[Dialect, ...]:
    """The dialects of these names, in this order; those without one are left out."""
    return tuple(dialect(name) for name in names if name in GENERATIONS)


def get_ready(names: Iterable[ProtocolName]) -> None:
    """Compile the codecs of these protocols before the peer comes: a message met for the first time costs up to 40 ms.

    A protocol that is not there is passed over.
    """
    prepare(APP_PROTOCOL, *{namespace for one in dialects(names) for namespace in one.grammars.values()})
