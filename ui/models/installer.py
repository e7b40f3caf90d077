"""The home as a checklist: what each step has found, from the engine's answers and the installer's own ticks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from ui.i18n import tr
from ui.models.security import certificate_row
from ui.models.units import Format, Shown

if TYPE_CHECKING:
    from app.api import schema as s

State = Literal["done", "todo", "warn", "failed", "none"]

CLEAR_CHANGE_W = 500.0
"""A load test is clear from this change on: a kettle is four times that, a fridge a quarter."""

ICONS: dict[State, str] = {
    "done": "circle-check",
    "todo": "circle-dashed",
    "warn": "triangle-alert",
    "failed": "circle-alert",
    "none": "minus",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the checklist."""

    key: str
    title: str
    state: State
    words: str
    facts: tuple[tuple[str, Shown], ...] = ()


STEP_KEYS = ("connection", "meter", "inverter", "charger", "certificates", "session", "links", "limits")


def state_words(state: State) -> str:
    """A state for the screen reader and the report."""
    return {
        "done": tr("done"),
        "todo": tr("to do"),
        "warn": tr("needs a look"),
        "failed": tr("does not work"),
        "none": tr("not part of this home"),
    }[state]


def steps(home: "s.InstallerOut", ticks: Mapping[str, str], fmt: Format) -> list[Step]:
    """The checklist; ``ticks`` are the installer's own results by step, as sentences."""
    return [
        _connection(home, ticks, fmt),
        _device(home, "meter", tr("Meter"), ticks, fmt),
        _device(home, "inverter", tr("Inverter"), ticks, fmt),
        *_devices_if_any(home, ticks, fmt),
        _device(home, "charger", tr("Charger"), ticks, fmt),
        _certificates(home, fmt),
        _ticked("session", tr("Car test session"), ticks, tr("Plug a car in and prove that it charges.")),
        _links(home),
        _ticked(
            "limits",
            tr("Limits"),
            ticks,
            tr("Compare the limits with what the network operator allows."),
            _limits(home, fmt),
        ),
    ]


def _ticked(
    key: str, title: str, ticks: Mapping[str, str], todo: str, facts: tuple[tuple[str, Shown], ...] = ()
) -> Step:
    tick = ticks.get(key, "")
    return Step(key=key, title=title, state="done" if tick else "todo", words=tick or todo, facts=facts)


def _connection(home: "s.InstallerOut", ticks: Mapping[str, str], fmt: Format) -> Step:
    fuse = home.limits.get("fuse_a")
    facts = (
        (
            tr("Main fuse"),
            Shown(f"{fmt.number(fuse)} A") if fuse is not None else Shown("—", tr("Not in the home file.")),
        ),
        (tr("Most it carries"), fmt.power(home.limits.get("import_max_w"), tr("Not in the home file."))),
    )
    todo = tr("Read the main fuse in the meter cupboard and compare.")
    return _ticked("connection", tr("Connection and fuse"), ticks, todo, facts)


def _limits(home: "s.InstallerOut", fmt: Format) -> tuple[tuple[str, Shown], ...]:
    names = {
        "import_max_w": tr("Import at the most"),
        "export_max_w": tr("Export at the most"),
        "failsafe_import_w": tr("Import while a grid link is silent"),
        "charge_max_w": tr("Charge at the most"),
        "discharge_max_w": tr("Discharge at the most"),
    }
    none = tr("No limit is set in the home file.")
    return tuple((name, fmt.power(home.limits.get(key), none)) for key, name in names.items() if key in home.limits)


def _devices_if_any(home: "s.InstallerOut", ticks: Mapping[str, str], fmt: Format) -> list[Step]:
    """What only some homes have."""
    titles = {"battery": tr("House battery"), "switch": tr("Relays")}
    there = {device.role for device in home.devices}
    return [_device(home, role, title, ticks, fmt) for role, title in titles.items() if role in there]


def _device(home: "s.InstallerOut", role: str, title: str, ticks: Mapping[str, str], fmt: Format) -> Step:
    devices = [d for d in home.devices if d.role == role]
    if not devices:
        missing: State = "none" if role == "inverter" else "todo"
        return Step(key=role, title=title, state=missing, words=tr("The home file names none."))
    facts = []
    for device in devices:
        facts.append((device.name, Shown(f"{device.profile} · {device.address}")))
        facts += [(reading_name(key), reading(key, value, fmt)) for key, value in device.readings.items()]
    worst = worst_level([d.health.level for d in devices])
    words = "; ".join(filter(None, (d.health.text for d in devices)))
    state: State = {"ok": "todo", "starting": "todo", "off": "todo", "warning": "warn", "failed": "failed"}[worst]  # type: ignore[assignment]
    tick = ticks.get(role, "")
    if worst == "ok" and (tick or role != "meter"):
        state = "done"
    if worst == "ok" and not tick and role == "meter":
        words = tr("It answers. Now test its sign: the reading must rise when a load is switched on.")
    return Step(key=role, title=title, state=state, words=" ".join(filter(None, (words, tick))), facts=tuple(facts))


def _certificates(home: "s.InstallerOut", fmt: Format) -> Step:
    """The home's certificates: a lab switch and what cannot be used come first, then what soon cannot."""
    title = tr("Certificates")
    found = home.certificates or []
    facts = tuple(certificate_row(one, fmt) for one in found)
    if not any(device.role == "charger" for device in home.devices):
        return Step(key="certificates", title=title, state="none", words=tr("The home file names no charger."))
    unusable = [one.problem for one in found if not one.usable]
    if unusable:
        return Step(key="certificates", title=title, state="failed", words=" ".join(unusable), facts=facts)
    if home.unprotected_by_switch:
        words = tr(
            "The laboratory switch is set: cars may come without encryption. Take it out of the home file when done."
        )
        return Step(key="certificates", title=title, state="warn", words=words, facts=facts)
    if home.certificates is None:
        return Step(key="certificates", title=title, state="todo", words=tr("They are being looked at …"))
    if not found:
        words = tr("This home has no certificates yet: twoway pki make gives it a set of its own.")
        return Step(key="certificates", title=title, state="todo", words=words)
    warnings = " ".join(one.problem for one in found if one.problem)
    words = warnings or tr("All are valid.")
    return Step(key="certificates", title=title, state="warn" if warnings else "done", words=words, facts=facts)


def _links(home: "s.InstallerOut") -> Step:
    if not home.links:
        return Step(key="links", title=tr("Links"), state="none", words=tr("No utility and no backend is set up."))
    worst = worst_level([link.level for link in home.links])
    state: State = {"ok": "done", "starting": "todo", "off": "todo", "warning": "warn", "failed": "failed"}[worst]  # type: ignore[assignment]
    facts = []
    for link in home.links:
        facts.append((link.name, Shown(f"{level_words(link.level)}{': ' + link.text if link.text else ''}")))
        facts += [
            (f"{link.name}, {key}", Shown(str(value))) for key, value in link.details.items() if value is not None
        ]
    return Step(key="links", title=tr("Links"), state=state, words=level_words(worst), facts=tuple(facts))


def resettable(home: "s.InstallerOut") -> bool:
    """Does the charger stand still by a fault that a person can reset?"""
    return any(d.role == "charger" and d.resettable and d.health.level == "failed" for d in home.devices)


def worst_level(levels: list[str]) -> str:
    """The worst of some levels."""
    order = ("ok", "off", "starting", "warning", "failed")
    return max(levels, key=order.index, default="off")


def level_words(level: str) -> str:
    """A level of health in words."""
    return {
        "ok": tr("works"),
        "starting": tr("starting"),
        "warning": tr("needs a look"),
        "failed": tr("does not work"),
        "off": tr("off"),
    }.get(level, level)


def reading_name(key: str) -> str:
    """A reading's name; the known ones in the user's language."""
    return {
        "grid_w": tr("Grid power"),
        "solar_w": tr("Roof power"),
        "ev_w": tr("Car power"),
        "battery_w": tr("Battery power"),
        "set_point_w": tr("Set-point"),
        "switch": tr("Contact"),
        "switch_w": tr("Power through it"),
        "tank_c": tr("Temperature"),
        "frequency_hz": tr("Frequency"),
        "at": tr("Read at"),
        "phase_1_w": tr("Phase {number}", number="1"),
        "phase_2_w": tr("Phase {number}", number="2"),
        "phase_3_w": tr("Phase {number}", number="3"),
    }.get(key, key.rpartition("_")[0].replace("_", " ") or key)


def reading(key: str, value: float | str | None, fmt: Format) -> Shown:
    """A reading in the unit that its name ends with."""
    if value is None:
        return Shown("—", tr("The device has not told it yet."))
    if isinstance(value, str):
        return Shown(value) if key != "at" else _instant(value, fmt)
    if key.endswith("_w"):
        return fmt.signed_power(value)
    if key.endswith("_wh"):
        return fmt.energy(value)
    if key.endswith("_hz"):
        return fmt.frequency(value)
    if key == "switch":
        return Shown(tr("closed") if value >= 0.5 else tr("open"))
    if key.endswith("_c"):
        return Shown(f"{fmt.number(value, 1)} °C")
    if key.endswith("_v"):
        return Shown(f"{fmt.number(value, 1)} V")
    if key.endswith("_a"):
        return Shown(f"{fmt.number(value, 1)} A")
    return fmt.percent(value) if key == "soc" else Shown(fmt.number(value, 2))


def _instant(text: str, fmt: Format) -> Shown:
    """A time in ISO 8601, on the home's clock."""
    try:
        return Shown(f"{fmt.local(datetime.fromisoformat(text)):%H:%M:%S}")
    except ValueError:
        return Shown(text)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a test."""

    passed: bool | None
    """None: not clear, try again."""
    words: str


def load_test(before: Mapping[str, float], after: Mapping[str, float], fmt: Format) -> Verdict:
    """Did the meter see a load that was switched on, with the right sign, and on which phase?

    ``before`` and ``after`` are readings with ``grid_w`` and, where it measures them, ``phase_1_w`` …; W, > 0 imports.
    """
    change_w = after.get("grid_w", 0.0) - before.get("grid_w", 0.0)
    power = fmt.signed_power(change_w).text
    if abs(change_w) < CLEAR_CHANGE_W:
        return Verdict(
            None, tr("The reading moved by {power} only. Switch on a larger load, such as a kettle.", power=power)
        )
    if change_w < 0:
        words = tr(
            "The reading fell by {power}: the meter's sign is wrong. "
            "Turn the current clamps round, or set the sign in its profile.",
            power=fmt.power(change_w).text,
        )
        return Verdict(False, words)
    phases = {key: after[key] - before[key] for key in after if key.startswith("phase_") and key in before}
    words = tr("The reading rose by {power}: the sign is right.", power=fmt.power(change_w).text)
    if phases:
        key = max(phases, key=lambda k: phases[k])
        if phases[key] >= CLEAR_CHANGE_W:
            words += " " + tr("The load is on {phase}.", phase=reading_name(key))
        fallen = [k for k, w in phases.items() if w <= -CLEAR_CHANGE_W]
        if fallen:
            return Verdict(
                False, tr("{phase} fell while the load came on: turn its clamp round.", phase=reading_name(fallen[0]))
            )
    return Verdict(True, words)


def charge_test(power_w: float | None, waited_s: float, fmt: Format) -> Verdict:
    """Does the car charge? Clear as soon as power flows, and after a minute without."""
    if power_w is not None and power_w >= CLEAR_CHANGE_W:
        return Verdict(True, tr("The car charged with {power}.", power=fmt.power(power_w).text))
    if waited_s < 60:
        return Verdict(None, tr("Waiting for the car to charge …"))
    return Verdict(
        False, tr("No power flowed within a minute. Read the charger's and the car's messages on the Car page.")
    )
