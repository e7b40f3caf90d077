"""Documents in and out: the compiled way first, the walk through the grammar where that refuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from protocols.exi import walk
from protocols.exi.bits import LONG, Refused, join, padded_bytes
from protocols.exi.compiled import runtime
from protocols.exi.compiled.decoder import DecoderSource
from protocols.exi.compiled.encoder import EncoderSource
from protocols.exi.compiled.runtime import Bad, Document
from protocols.exi.compiled.source import Lines, layout_of
from protocols.exi.schema import Element
from protocols.exi.sets import SchemaSet, schema_set

Encoder = Callable[[Any, int], int]
Decoder = Callable[[Document, int, int], tuple[Any, int, int]]

STUMBLES = (Bad, Refused, ValueError, IndexError, KeyError, TypeError, AttributeError)
"""How compiled code refuses: itself, or by what Python raises for a shift by less than nothing, an index without
member, a value of the wrong type."""


def encode(namespace: str, message: Element) -> bytes:
    """The EXI document of `message` in the schema set of `namespace`; ExiError names message and element."""
    codec = codec_of(namespace)
    try:
        return codec.encode(message)
    except STUMBLES:
        return walk.write_document(codec.schema_set, message)


def decode(namespace: str, data: bytes) -> Element:
    """The message in the EXI document `data`, padding after it allowed; ExiError names message, element and bit."""
    codec = codec_of(namespace)
    try:
        return codec.decode(bytes(data))
    except STUMBLES:
        return walk.read_document(codec.schema_set, data)


def prepare(*namespaces: str) -> None:
    """Compiles the codecs of these namespaces now; without it each message is compiled when it is first met."""
    for namespace in namespaces:
        codec_of(namespace).prepare()


class Codec:
    """The compiled encoders and decoders of one schema set, each made when its message is first met."""

    def __init__(self, schema_set: SchemaSet) -> None:
        self.schema_set = schema_set
        self._root_width = len(schema_set.roots).bit_length()
        self._codes = {cls: code for code, (_, cls) in enumerate(schema_set.roots) if cls is not None}
        self._encoders: dict[type[Element], Encoder] = {}
        self._decoders: dict[type[Element], Decoder] = {}
        self._root_encoders: dict[type[Element], tuple[Encoder, int]] = {}
        self._root_decoders: dict[int, Decoder] = {}
        self._unlinked: list[Callable[[], Any]] = []

    def encode(self, message: Element) -> bytes:
        """The document of `message`; one of the stumbles where it is not valid."""
        kind = message.__class__
        entry = self._root_encoders.get(kind)
        if entry is None:
            start = (1 << 8 | walk.HEADER) << self._root_width | self._codes[kind]
            entry = self._root_encoders[kind] = self.encoder(kind), start
        encoder, start = entry
        return padded_bytes(encoder(message, start))

    def decode(self, data: bytes) -> Element:
        """The message in `data`; one of the stumbles where it is not valid."""
        document = Document(data)
        window, left = document.window(0)
        left -= 8 + self._root_width
        root = window >> left
        code = root & (1 << self._root_width) - 1
        decoder = self._root_decoders.get(code)
        if decoder is None:
            cls = self.schema_set.roots[code][1]
            if cls is None:
                raise Bad
            decoder = self._root_decoders[code] = self.decoder(cls)
        message, window, left = decoder(document, window, left)
        if left < document.padding or root >> self._root_width != walk.HEADER:
            raise Bad
        return message  # type: ignore[no-any-return]

    def prepare(self) -> None:
        """Compiles everything now, so that no message has to wait for it later."""
        for cls in self.schema_set.messages.values():
            self.encoder(cls)
            self.decoder(cls)
        while self._unlinked:
            self._unlinked.pop()()

    def encoder(self, cls: type[Element]) -> Encoder:
        """The encoder of one type."""
        if cls not in self._encoders:
            if layout_of(cls) is None:
                self._encoders[cls] = runtime.encode_by_walk
            else:
                source = EncoderSource(cls)
                scope = _run(source.out, f"<encoder of {cls.__name__}>")
                self._link(scope, source.calls, self.encoder)
                self._encoders[cls] = scope["encode"]
        return self._encoders[cls]

    def decoder(self, cls: type[Element]) -> Decoder:
        """The decoder of one type."""
        if cls not in self._decoders:
            if layout_of(cls) is None:
                self._decoders[cls] = partial(runtime.decode_by_walk, cls)
            else:
                source = DecoderSource(cls)
                scope = _run(source.out, f"<decoder of {cls.__name__}>")
                self._link(scope, source.calls, self.decoder)
                self._decoders[cls] = scope["decode"]
        return self._decoders[cls]

    def _link(
        self,
        scope: dict[str, Any],
        calls: dict[str, type[Element]],
        make: Callable[[type[Element]], Callable[..., Any]],
    ) -> None:
        """Lets code call the functions of other types, each made when it is first called."""
        for name, cls in calls.items():
            link = partial(_replace, scope, name, make, cls)
            scope[name] = partial(_call_first, link)
            self._unlinked.append(link)


def _replace(
    scope: dict[str, Any], name: str, make: Callable[[type[Element]], Callable[..., Any]], cls: type[Element]
) -> Callable[..., Any]:
    function: Callable[..., Any] = make(cls)
    scope[name] = function
    return function


def _call_first(link: Callable[[], Callable[..., Any]], *arguments: Any) -> Any:
    return link()(*arguments)


_RUNTIME = {
    "Bad": Bad,
    "LONG": LONG,
    "from_bytes": int.from_bytes,
    "join": join,
    "more_groups": runtime.more_groups,
    "put_binary": runtime.put_binary,
    "put_id": runtime.put_id,
    "put_text": runtime.put_text,
    "put_unsigned": runtime.put_unsigned,
    "read_binary": runtime.read_binary,
    "read_text": runtime.read_text,
}


def _run(source: Lines, origin: str) -> dict[str, Any]:
    """The scope that `source` defines; it is made from the definitions alone, never from a document."""
    scope = _RUNTIME | source.objects
    exec(compile("\n".join(source.lines), origin, "exec"), scope)  # noqa: S102
    return scope


@cache
def codec_of(namespace: str) -> Codec:
    """The compiled codec of a namespace; ExiError for one that is not known."""
    return Codec(schema_set(namespace))
