"""Writes the decoder of a type as Python source.

The code looks at the document through a window `w`, one number, of which `p` bits are not read yet; neighbouring
constants and values are taken in a single shift. A function takes document, window and bits left, and returns the
element, the window and the bits left.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.exi.bits import MAX_INTEGER_GROUPS
from protocols.exi.compiled.runtime import MAX_BOUNDED_GROUPS, RESERVE_BITS
from protocols.exi.compiled.source import Lines, Slot, is_inlined, layout_of
from protocols.exi.grammar import Kind, State
from protocols.exi.model import Alternative, BooleanValue, ElementValue, EnumValue, Field, SimpleValue
from protocols.exi.schema import UNBOUNDED, Binary, Element, IntegerRange, Text
from protocols.exi.walk import N_BIT_LIMIT

LONGEST_NUMBER = 8 * (MAX_BOUNDED_GROUPS + 1)
"""Bits that a bounded integer may take, sign and event codes included."""
LONGEST_UNBOUNDED_NUMBER = 8 * (MAX_INTEGER_GROUPS + 1)
FIVE_GROUPS = 2**28
"""Numbers that may reach this are mostly times in seconds, which take five groups."""


@dataclass(frozen=True)
class Pending:
    """Bits that wait to be read: a constant, or a value for `name` written as `form` (with {} for the bits)."""

    width: int
    constant: int = 0
    name: str = ""
    form: str = "{}"
    check: str = ""


class DecoderSource:
    """The source of one decoder function, and the types whose decoders it calls."""

    def __init__(self, cls: type[Element]) -> None:
        self.out = Lines()
        self.calls: dict[str, type[Element]] = {}
        self._pending: list[Pending] = []
        self._unchecked_bits = 0
        with self.out.block("def decode(c, w, p):"):
            self._look_for_more()
            result = self._element(cls)
            self._flush()
            self.out.line(f"return {result}, w, p")

    # Bits that wait to be read together.

    def _expect(self, value: int, width: int) -> None:
        if width:
            self._pending.append(Pending(width, constant=value))

    def _take(self, width: int, form: str = "{}", check: str = "", name: str = "") -> str:
        name = name or self.out.fresh()
        self._pending.append(Pending(width, name=name, form=form, check=check))
        return name

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        total = sum(item.width for item in pending)
        if not total:
            return
        self._count(total)
        self.out.line(f"p -= {total}")
        mask = wanted = 0
        left = total
        assignments: list[str] = []
        checks: list[str] = []
        for item in pending:
            left -= item.width
            ones = (1 << item.width) - 1
            if item.name:
                bits = f"x >> {left} & {ones}" if left else f"x & {ones}"
                assignments.append(f"{item.name} = {item.form.format(f'({bits})')}")
                checks += [item.check.format(item.name)] if item.check else []
            else:
                mask |= ones << left
                wanted |= item.constant << left
        if not assignments:
            self._refuse_if(f"w >> p & {hex(mask)}" + (f" != {hex(wanted)}" if wanted else ""))
            return
        self.out.line(f"x = w >> p & {hex((1 << total) - 1)}")
        if mask:
            self._refuse_if(f"x & {hex(mask)}" + (f" != {hex(wanted)}" if wanted else ""))
        for line in assignments:
            self.out.line(line)
        for check in checks:
            self._refuse_if(check)

    def _count(self, bits: int) -> None:
        """Looks for more of the document before the reserve could run out; what a branch finds, others may lack."""
        if bits > RESERVE_BITS:
            raise TypeError(f"{bits} bits in one look are more than are surely there.")
        if self._unchecked_bits + bits > RESERVE_BITS:
            self._look_for_more()
            if self.out.depth == 1:
                self._unchecked_bits = 0
        self._unchecked_bits += bits

    def _look_for_more(self) -> None:
        with self.out.block("if p < c.low:"):
            self.out.line("w, p = c.window(c.end - p)")

    # Content.

    def _element(self, cls: type[Element]) -> str:
        """The content of one element, up to and with its end; returns the variable that holds it."""
        layout = layout_of(cls)
        if layout is None:
            raise TypeError(f"{cls.__name__} has no plain layout.")
        values: dict[str, str] = {}
        first_event = 0
        place: str | None = None
        for slot in layout.slots:
            place = self._slot(slot, values, place, first_event)
            first_event += len(slot.options)
        if place is None:
            self._expect(0, layout.end.width)
        if any(item.name for item in self._pending):
            self._flush()
        result = self.out.fresh()
        arguments = ", ".join(f"{name}={v}" for name, v in values.items())
        self.out.line(f"{result} = {self._class(cls)}({arguments})")
        return result

    def _slot(self, slot: Slot, values: dict[str, str], place: str | None, first_event: int) -> str | None:
        """One slot. `place` names the variable that holds the number of the next event, counted over the whole
        element, where it has been read already; returns it, or None where the next event is still to be read."""
        real = [(code, *option) for code, option in enumerate(slot.options) if option[1].value is not None]
        if place is None and slot.minimum and len(real) == 1 and not slot.is_list:
            code, field, alternative = real[0]
            self._expect(code, slot.before.width)
            values[field.name] = self._value(field, alternative)
            return None
        if place is None and not (slot.is_list and slot.minimum):
            place = self._event(slot.before, first_event, self.out.fresh("k"))
        if slot.is_list:
            return self._list(slot, values, place, first_event)
        follow = None if slot.minimum else place
        for field, _ in slot.options:
            values[field.name] = self.out.fresh()
        names = sorted({values[f.name] for f, _ in slot.options})
        if slot.minimum and len(slot.options) == 1:
            field, alternative = slot.options[0]
            self._option(slot, field, alternative, values, None, first_event)
            return None
        if slot.is_choice or not slot.minimum:
            self.out.line(f"{' = '.join(names)} = None")
        word = "if"
        for offset, (field, alternative) in enumerate(slot.options):
            with self.out.block(f"{word} {place} == {first_event + offset}:"):
                if alternative.value is None:
                    self.out.line("raise Bad")
                else:
                    self._option(slot, field, alternative, values, follow, first_event)
            word = "elif"
        return follow

    def _option(
        self,
        slot: Slot,
        field: Field,
        alternative: Alternative,
        values: dict[str, str],
        follow: str | None,
        first_event: int,
    ) -> None:
        v = self._value(field, alternative)
        if follow:
            self._event(slot.after, first_event + len(slot.options), follow)
        self._flush()
        self.out.line(f"{values[field.name]} = {v}")

    def _event(self, state: State, first_event: int, name: str) -> str:
        """Reads the number of the next event into variable `name`."""
        count = len(state.events)
        if any(e.kind in (Kind.TEXT, Kind.ANYTHING) for e in state.events):
            raise TypeError("A plain type has neither mixed text nor elements of any name.")
        form = f"{{}} + {first_event}" if first_event else "{}"
        last = first_event + count - 1
        check = f"{{}} > {last}" if count < (1 << state.width) else ""
        self._take(state.width, form, check, name)
        self._flush()
        return name

    def _list(self, slot: Slot, values: dict[str, str], place: str | None, first_event: int) -> str | None:
        field = slot.field
        items = values[field.name] = self.out.fresh("items")
        follow = place or self.out.fresh("k")
        if place is None:
            self._expect(0, slot.before.width)
        self._flush()
        unchecked, self._unchecked_bits = self._unchecked_bits, 0
        self.out.line(f"{items} = []")
        if slot.minimum:
            self._items(slot, items, follow, first_event)
        else:
            with self.out.block(f"if {follow} == {first_event}:"):
                self._items(slot, items, follow, first_event)
        self._unchecked_bits = max(self._unchecked_bits, unchecked)
        return follow

    def _items(self, slot: Slot, items: str, follow: str, first_event: int) -> None:
        field, alternative = slot.options[0]
        with self.out.block("while True:"):
            self._look_for_more()
            v = self._value(field, alternative)
            if slot.again is None:
                self._event(slot.after, first_event + 1, follow)
                self.out.line(f"{items}.append({v})")
                self.out.line("break")
                return
            if slot.maximum == UNBOUNDED:
                self._event(slot.again, first_event, follow)
                self.out.line(f"{items}.append({v})")
            else:
                self._flush()
                self.out.line(f"{items}.append({v})")
                self._items_that_must_follow(slot, items)
                with self.out.block(f"if len({items}) == {slot.maximum}:"):
                    self._event(slot.after, first_event + 1, follow)
                    self.out.line("break")
                self._event(slot.again, first_event, follow)
            with self.out.block(f"if {follow} != {first_event}:"):
                self.out.line("break")

    def _items_that_must_follow(self, slot: Slot, items: str) -> None:
        if slot.must is not None:
            with self.out.block(f"if len({items}) < {slot.minimum}:"):
                self._expect(0, slot.must.width)
                self._flush()
                self.out.line("continue")

    # Values.

    def _value(self, field: Field, alternative: Alternative) -> str:
        value = alternative.value
        if isinstance(value, ElementValue):
            if is_inlined(value.cls):
                return self._element(value.cls)
            self._flush()
            name = f"decode_{value.cls.__name__}"
            self.calls[name] = value.cls
            v = self.out.fresh()
            self.out.line(f"{v}, w, p = {name}(c, w, p)")
            return v
        if value is None:
            raise TypeError(f"{alternative.name} is abstract.")
        framed = not (field.is_attribute or field.is_content)
        self._expect(0, int(framed))
        v = self._simple(value)
        self._expect(0, int(framed))
        return v

    def _simple(self, value: SimpleValue) -> str:
        match value:
            case BooleanValue():
                return self._take(1, "{} != 0")
            case EnumValue(enum):
                members = self.out.constant(f"MEMBERS_{enum.__name__}", tuple(enum))
                return self._take((len(enum) - 1).bit_length(), f"{members}[{{}}]")
            case IntegerRange(minimum, maximum):
                return self._integer(minimum, maximum)
            case Text(min_length=shortest, max_length=longest):
                return self._call(f"read_text(c, w, p, {shortest}, {longest or UNBOUNDED})")
            case Binary(min_length=shortest, max_length=longest):
                if shortest == longest and longest < 128:
                    self._expect(longest, 8)
                    return self._take(longest * 8, f"{{}}.to_bytes({longest}, 'big')")
                return self._call(f"read_binary(c, w, p, {shortest}, {longest or UNBOUNDED})")

    def _call(self, expression: str) -> str:
        self._flush()
        v = self.out.fresh()
        self.out.line(f"{v}, w, p = {expression}")
        return v

    def _integer(self, minimum: int | None, maximum: int | None) -> str:
        if minimum is None or maximum is None:
            return self._signed(LONGEST_UNBOUNDED_NUMBER, MAX_INTEGER_GROUPS)
        if maximum - minimum < N_BIT_LIMIT:
            width = (maximum - minimum).bit_length()
            form = "{}" if not minimum else f"{{}} {'+' if minimum > 0 else '-'} {abs(minimum)}"
            check = f"{{}} > {maximum}" if maximum - minimum < (1 << width) - 1 else ""
            return self._take(width, form, check)
        if minimum >= 0:
            return self._unsigned(minimum, maximum)
        v = self._signed(LONGEST_NUMBER, MAX_BOUNDED_GROUPS)
        self._refuse_if(f"not {minimum} <= {v} <= {maximum}")
        return v

    def _unsigned(self, minimum: int, maximum: int) -> str:
        self._count(LONGEST_NUMBER)
        v = self._take(8)
        self._flush()
        with self.out.block(f"if {v} & 128:"):
            self._more_groups(v, maximum)
            self._refuse_if(f"{v} > {maximum}")
        if minimum:
            self._refuse_if(f"{v} < {minimum}")
        return v

    def _more_groups(self, v: str, maximum: int) -> None:
        """Two and three groups, and the five of a time in seconds, in one look at the next four octets."""
        self.out.line("x = w >> p - 32 & 0xFFFFFFFF")
        with self.out.block("if not x & 0x80000000:"):
            self.out.line("p -= 8")
            self.out.line(f"{v} = {v} & 127 | x >> 17 & 0x3F80")
        with self.out.block("elif not x & 0x800000:"):
            self.out.line("p -= 16")
            self.out.line(f"{v} = {v} & 127 | x >> 17 & 0x3F80 | x >> 2 & 0x1FC000")
        if maximum >= FIVE_GROUPS:
            with self.out.block("elif x & 0x8080 == 0x8000:"):
                self.out.line("p -= 32")
                self.out.line(
                    f"{v} = {v} & 127 | x >> 17 & 0x3F80 | x >> 2 & 0x1FC000 | x << 13 & 0xFE00000 | (x & 127) << 28"
                )
        with self.out.block("else:"):
            self.out.line(f"{v}, p = more_groups(w, p, {v} & 127, 7)")

    def _signed(self, longest: int, most_groups: int) -> str:
        """Sign and first group in one look; a negative number is one less than its magnitude says."""
        self._count(longest)
        raw, v = self._take(9), self.out.fresh()
        self._flush()
        self.out.line(f"{v} = {raw} & 127")
        with self.out.block(f"if {raw} & 128:"):
            self.out.line("p -= 8")
            self.out.line("x = w >> p & 255")
            self.out.line(f"{v} |= (x & 127) << 7")
            with self.out.block("if x & 128:"):
                self.out.line(f"{v}, p = more_groups(w, p, {v}, 14, {most_groups})")
        with self.out.block(f"if {raw} & 256:"):
            self.out.line(f"{v} = ~{v}")
        return v

    def _class(self, cls: type[Element]) -> str:
        return self.out.constant(cls.__name__, cls)

    def _refuse_if(self, condition: str) -> None:
        with self.out.block(f"if {condition}:"):
            self.out.line("raise Bad")
