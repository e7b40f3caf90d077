"""Writes the encoder of a type as Python source.

The code collects all bits in one number `a` that starts with a one, so that its length is known; neighbouring
constants and values become a single shift. A function takes the element and the bits so far, and returns the bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocols.exi.bits import MAX_MAGNITUDE
from protocols.exi.compiled.source import Lines, Slot, is_inlined, layout_of
from protocols.exi.grammar import Kind, State
from protocols.exi.model import Alternative, BooleanValue, ElementValue, EnumValue, Field, SimpleValue
from protocols.exi.schema import UNBOUNDED, Binary, Element, IntegerRange, Text
from protocols.exi.walk import N_BIT_LIMIT

CHUNKED_FROM = 16
"""Lists that may be longer than this are collected in parts, so that the number stays short."""

Code = tuple[int, int]
"""An event code and its width in bits."""


class EncoderSource:
    """The source of one encoder function, and the types whose encoders it calls."""

    def __init__(self, cls: type[Element]) -> None:
        self.out = Lines()
        self.calls: dict[str, type[Element]] = {}
        self._pending: list[tuple[int | str, int]] = []
        layout = layout_of(cls)
        if layout is None:
            raise TypeError(f"{cls.__name__} has no plain layout.")
        with self.out.block("def encode(m, a):"):
            self._element(cls, "m")
            self._flush()
            self.out.line("return a")

    # Bits that wait to be shifted in together.

    def _put(self, value: int | str, width: int) -> None:
        if width and self._pending and isinstance(value, int) and isinstance(self._pending[-1][0], int):
            last, last_width = self._pending[-1]
            self._pending[-1] = (int(last) << width | value, last_width + width)
        elif width:
            self._pending.append((value, width))

    def _joined(self, *more: tuple[int | str, int]) -> str:
        """An expression: the bits so far, then all that waits, then `more`."""
        parts = [*self._pending, *more]
        total = sum(width for _, width in parts)
        terms = [f"a << {total}" if total else "a"]
        left = total
        for value, width in parts:
            left -= width
            if isinstance(value, int):
                terms += [hex(value << left)] if value else []
            else:
                terms.append(f"{value} << {left}" if left else value)
        return " | ".join(terms)

    def _flush(self) -> None:
        if self._pending:
            self.out.line(f"a = {self._joined()}")
            self._pending = []

    # Content.

    def _element(self, cls: type[Element], m: str) -> None:
        """The content of element `m`, up to and with its end."""
        layout = layout_of(cls)
        if layout is None:
            raise TypeError(f"{cls.__name__} has no plain layout.")
        entries: list[State] = [layout.slots[0].before if layout.slots else layout.end]
        track = self.out.fresh("s")
        for slot in layout.slots:
            entries = self._slot(slot, m, entries, track)
        self._event([_code_of_end(e) for e in entries], track)

    def _slot(self, slot: Slot, m: str, entries: list[State], track: str) -> list[State]:
        """One slot, entered in any of `entries` (which one, `track` knows); returns how it may be left."""
        if slot.is_list:
            return self._list(slot, m, entries, track)
        if not slot.minimum:
            self._flush()
            if len(entries) == 1:
                self.out.line(f"{track} = 0")
        if slot.is_choice:
            self._choice(slot, m, entries, track)
        elif slot.field.is_substitution:
            self._substitution(slot, m, entries, track)
        else:
            v = self.out.fresh()
            self.out.line(f"{v} = {m}.{slot.field.name}")
            if slot.minimum:
                self._option(*slot.options[0], v, entries, track)
            else:
                with self.out.block(f"if {v} is not None:"):
                    self._option(*slot.options[0], v, entries, track)
                    self._leave(track, len(entries))
        return [slot.after] if slot.minimum else [*entries, slot.after]

    def _leave(self, track: str, state: int | None) -> None:
        self._flush()
        if state is not None:
            self.out.line(f"{track} = {state}")

    def _choice(self, slot: Slot, m: str, entries: list[State], track: str) -> None:
        self._flush()
        names = [field.name for field, _ in slot.options]
        variables = [self.out.fresh() for _ in names]
        for v, name in zip(variables, names, strict=True):
            self.out.line(f"{v} = {m}.{name}")
        word = "if"
        for (field, alternative), v in zip(slot.options, variables, strict=True):
            with self.out.block(f"{word} {v} is not None:"):
                others = " or ".join(f"{o} is not None" for o in variables if o != v)
                self._refuse_if(others)
                self._option(field, alternative, v, entries, track)
                self._leave(track, None if slot.minimum else len(entries))
            word = "elif"
        if slot.minimum:
            with self.out.block("else:"):
                self.out.line("raise Bad")

    def _substitution(self, slot: Slot, m: str, entries: list[State], track: str) -> None:
        self._flush()
        v, kind = self.out.fresh(), self.out.fresh("k")
        self.out.line(f"{v} = {m}.{slot.field.name}")
        self.out.line(f"{kind} = {v}.__class__")
        word = "if"
        for field, alternative in slot.options:
            if isinstance(alternative.value, ElementValue):
                with self.out.block(f"{word} {kind} is {self._class(alternative.value.cls)}:"):
                    self._option(field, alternative, v, entries, track, checked=True)
                    self._leave(track, None if slot.minimum else len(entries))
                word = "elif"
        with self.out.block("else:" if slot.minimum else f"elif {v} is not None:"):
            self.out.line("raise Bad")

    def _list(self, slot: Slot, m: str, entries: list[State], track: str) -> list[State]:
        items, count = self.out.fresh("items"), self.out.fresh("n")
        self._flush()
        self.out.line(f"{items} = {m}.{slot.field.name}")
        self._refuse_if(f"{items}.__class__ is not list and {items}.__class__ is not tuple")
        self.out.line(f"{count} = len({items})")
        if slot.maximum != UNBOUNDED:
            self._refuse_if(f"{count} > {slot.maximum}")
        if slot.minimum:
            self._refuse_if(f"{count} < {slot.minimum}")
            self._items(slot, items, count, entries, track, 0)
            left: list[State] = []
        else:
            if len(entries) == 1:
                self.out.line(f"{track} = 0")
            with self.out.block(f"if {count}:"):
                self._items(slot, items, count, entries, track, len(entries))
            left = entries
        if slot.again is None:
            return [*left, slot.after]
        return [*left, slot.again] if slot.maximum == UNBOUNDED else [*left, slot.again, slot.after]

    def _items(self, slot: Slot, items: str, count: str, entries: list[State], track: str, first_state: int) -> None:
        """The items of a list; each puts the zero code of the next, and the last one's is taken back."""
        field, alternative = slot.options[0]
        codes = [_code_of(e, field, alternative) for e in entries]
        width = slot.again.width if slot.again else 0
        parts = self.out.fresh("parts") if slot.maximum > CHUNKED_FROM else None
        self._event(codes, track)
        self._flush()
        if parts:
            self.out.line(f"{parts} = []")
        v = self.out.fresh()
        if slot.must is not None:
            first, rest = f"{items}[:{slot.minimum - 1}]", f"{items}[{slot.minimum - 1}:]"
            with self.out.block(f"for {v} in {first}:"):
                self._value(field, alternative, v)
                self._put(0, slot.must.width)
                self._flush()
        else:
            rest = items
        with self.out.block(f"for {v} in {rest}:"):
            if parts:
                with self.out.block("if a > LONG:"):
                    self.out.line(f"{parts}.append(a)")
                    self.out.line("a = 1")
            self._value(field, alternative, v)
            self._put(0, width)
            self._flush()
        if width:
            self.out.line(f"a >>= {width}")
        if parts:
            with self.out.block(f"if {parts}:"):
                self.out.line(f"{parts}.append(a)")
                self.out.line(f"a = join({parts})")
        if slot.again is None or slot.maximum == UNBOUNDED:
            self.out.line(f"{track} = {first_state}")
        else:
            self.out.line(f"{track} = {first_state} + ({count} == {slot.maximum})")

    def _option(
        self,
        field: Field,
        alternative: Alternative,
        v: str,
        entries: list[State],
        track: str,
        checked: bool = False,
    ) -> None:
        self._event([_code_of(e, field, alternative) for e in entries], track)
        self._value(field, alternative, v, checked)

    def _event(self, codes: Sequence[Code], track: str) -> None:
        """An event code that depends on the state, if the states differ in it."""
        if len(set(codes)) == 1:
            self._put(*codes[0])
            return
        self._flush()
        widths = tuple(w for _, w in codes)
        values = tuple(c for c, _ in codes)
        width = str(widths[0]) if len(set(widths)) == 1 else f"{widths}[{track}]"
        value = str(values[0]) if len(set(values)) == 1 else f"{values}[{track}]"
        self.out.line(f"a = a << {width} | {value}" if value != "0" else f"a <<= {width}")

    # Values.

    def _value(self, field: Field, alternative: Alternative, v: str, checked: bool = False) -> None:
        value = alternative.value
        if isinstance(value, ElementValue):
            if not checked:
                self._refuse_if(f"{v}.__class__ is not {self._class(value.cls)}")
            if is_inlined(value.cls):
                self._element(value.cls, v)
            else:
                name = f"encode_{value.cls.__name__}"
                self.calls[name] = value.cls
                self.out.line(f"a = {name}({v}, {self._joined()})")
                self._pending = []
        elif value is not None:
            framed = not (field.is_attribute or field.is_content)
            self._put(0, int(framed))
            self._simple(value, v)
            self._put(0, int(framed))

    def _simple(self, value: SimpleValue, v: str) -> None:
        match value:
            case BooleanValue():
                self._refuse_if(f"{v}.__class__ is not bool")
                self._put(v, 1)
            case EnumValue(enum):
                codes = self.out.constant(f"CODES_{enum.__name__}", {m: i for i, m in enumerate(enum)})
                self._put(f"{codes}[{v}]", (len(enum) - 1).bit_length())
            case IntegerRange(minimum, maximum):
                self._integer(minimum, maximum, v)
            case Text(min_length=shortest, max_length=longest, is_id=is_id):
                check = "put_id" if is_id else "put_text"
                self.out.line(f"a = {check}({self._joined()}, {v}, {shortest}, {longest or UNBOUNDED})")
                self._pending = []
            case Binary(min_length=shortest, max_length=longest):
                self._binary(shortest, longest, v)

    def _integer(self, minimum: int | None, maximum: int | None, v: str) -> None:
        if minimum is None or maximum is None:
            self._refuse_if(f"{v}.__class__ is not int or not {~MAX_MAGNITUDE} <= {v} <= {MAX_MAGNITUDE}")
            self._signed(v)
            return
        self._refuse_if(f"{v}.__class__ is not int or not {minimum} <= {v} <= {maximum}")
        if maximum - minimum < N_BIT_LIMIT:
            expression = f"({v} - {minimum})" if minimum else v
            self._put(expression.replace("- -", "+ "), (maximum - minimum).bit_length())
        elif minimum >= 0:
            self._groups(v)
        else:
            self._signed(v)

    def _signed(self, v: str) -> None:
        sign, magnitude = self.out.fresh("sign"), self.out.fresh("size")
        self.out.line(f"{sign} = {v} < 0")
        self.out.line(f"{magnitude} = ~{v} if {sign} else {v}")
        self._put(sign, 1)
        self._groups(magnitude)

    def _groups(self, v: str) -> None:
        """Groups of seven bits, least significant first; numbers of one or two groups need no call."""
        with self.out.block(f"if {v} < 128:"):
            self.out.line(f"a = {self._joined((v, 8))}")
        with self.out.block(f"elif {v} < 16384:"):
            self.out.line(f"a = {self._joined((f'({v} & 127 | 128)', 8), (f'({v} >> 7)', 8))}")
        with self.out.block("else:"):
            self.out.line(f"a = put_unsigned({self._joined()}, {v})")
        self._pending = []

    def _binary(self, shortest: int, longest: int | None, v: str) -> None:
        self._refuse_if(f"{v}.__class__ is not bytes")
        if shortest == longest and longest < 128:
            self._refuse_if(f"len({v}) != {longest}")
            self._put(longest, 8)
            self._put(f"from_bytes({v}, 'big')", longest * 8)
        else:
            if shortest:
                self._refuse_if(f"len({v}) < {shortest}")
            self.out.line(f"a = put_binary({self._joined()}, {v}, {longest or UNBOUNDED})")
            self._pending = []

    def _class(self, cls: type[Element]) -> str:
        return self.out.constant(cls.__name__, cls)

    def _refuse_if(self, condition: str) -> None:
        with self.out.block(f"if {condition}:"):
            self.out.line("raise Bad")


def _code_of(state: State, field: Field, alternative: Alternative) -> Code:
    for code, event in enumerate(state.events):
        if event.field is field and event.alternative is alternative:
            return code, state.width
    raise LookupError(f"{alternative.name} has no code here.")


def _code_of_end(state: State) -> Code:
    for code, event in enumerate(state.events):
        if event.kind is Kind.END:
            return code, state.width
    raise LookupError("The element cannot end here.")
