"""Do a home file's batteries, machines, tanks and CO2 figures make sense? One small check each."""

from collections.abc import Callable, Iterator
from pathlib import Path

from app.config.assets import LoadSection
from app.config.home import HomeConfig
from app.config.problems import Flaw

SLOT_H = 0.25
"""A course is given by the quarter of an hour."""


def run_h(load: LoadSection) -> float:
    """How long one run of this machine lasts, h."""
    return len(load.course_w) * SLOT_H if load.course_w else load.run_h


def window_h(load: LoadSection) -> float:
    """From ``earliest`` to ``latest``, over midnight where that is earlier, h."""
    begin, end = (int(at[:2]) + int(at[3:]) / 60 for at in (load.earliest, load.latest))
    return end - begin if end > begin else end - begin + 24


def _batteries(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    for number, row in enumerate(home.battery):
        where = ("battery", number)
        if row.soc_min >= row.soc_max:
            what = f"soc_min {row.soc_min:g} is not below soc_max {row.soc_max:g}"
            yield Flaw((*where, "soc_min"), what, "lower soc_min")
        if row.reserve_soc > row.soc_max:
            what = f"the reserve {row.reserve_soc:g} is above the battery's {row.soc_max:g}"
            yield Flaw((*where, "reserve_soc"), what, "lower it")


def _loads(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    for number, row in enumerate(home.load):
        where = ("load", number)
        if not row.course_w and row.power_w <= 0:
            yield Flaw(where, f'"{row.name}" without its power', "add power_w, or course_w by the quarter of an hour")
        if row.course_w and row.in_pieces:
            yield Flaw((*where, "in_pieces"), "a course cannot be cut in pieces", "give power_w and run_h instead")
        if run_h(row) > window_h(row) + 1e-9:
            what = f"a run of {run_h(row):g} h does not fit between {row.earliest} and {row.latest}"
            yield Flaw((*where, "latest"), what, "give it more time")


def _roofs(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    if not any(row.curtailable for row in home.inverter):
        return
    for number, row in enumerate(home.inverter):
        if not row.peak_w:
            what = f'"{row.name}" without its size, beside an inverter that may be curtailed'
            yield Flaw(("inverter", number, "peak_w"), what, "add peak_w, so that the plan knows its share")


def _tanks(home: HomeConfig, _folder: Path) -> Iterator[Flaw]:
    for number, row in enumerate(home.tank):
        if row.cold_c >= row.hot_c:
            what = f"cold_c {row.cold_c:g} is not below hot_c {row.hot_c:g}"
            yield Flaw(("tank", number, "cold_c"), what, "lower it")


def _co2(home: HomeConfig, folder: Path) -> Iterator[Flaw]:
    section = home.co2
    if section.file is not None and section.g_per_kwh is not None:
        yield Flaw(("co2", "g_per_kwh"), "a constant beside a file of CO2 figures", "take one of them out")
    if section.file is not None and not (folder / section.file).is_file():
        yield Flaw(("co2", "file"), f'there is no file "{section.file}"', f"put it in {folder}, or give its full path")
    if section.per_kg > 0 and section.file is None and section.g_per_kwh is None:
        yield Flaw(("co2", "per_kg"), "a price for CO2 without its amount", "add g_per_kwh = 350, or a file")


ASSET_CHECKS: tuple[Callable[[HomeConfig, Path], Iterator[Flaw]], ...] = (_batteries, _roofs, _loads, _tanks, _co2)
