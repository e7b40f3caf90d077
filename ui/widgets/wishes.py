"""The editor of the homeowner's wishes: weekly departures, a single one, the reserve, and what the car may do."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate, QDateTime, QLocale, Qt, QTime, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QDateTimeEdit, QSlider, QSpinBox, QTimeEdit, QWidget

from ui.i18n import tr
from ui.models.assets import risk_choices, risk_words
from ui.models.car import DAYS, next_full_hour
from ui.models.units import Format
from ui.theme.look import look
from ui.widgets.flowrow import FlowRow
from ui.widgets.kit import Button, Check, Label, Segments, column, row, widget

if TYPE_CHECKING:
    from app.api import schema as s


def day_names() -> dict[str, str]:
    """Short names of the weekdays in the user's language."""
    locale = QLocale()
    return {d: locale.dayName(i, QLocale.FormatType.ShortFormat).rstrip(".") for i, d in enumerate(DAYS, 1)}


def roomy(box: QAbstractSpinBox) -> None:
    """Give the text of a spin box some air: a style sheet's padding does not reach it."""
    box.lineEdit().setTextMargins(look().gap(0.75), 0, look().gap(0.75), 0)


def _percent_box(name: str, changed: Callable[[], None]) -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, 100)
    box.setSingleStep(5)
    box.setSuffix(" %")
    roomy(box)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.valueChanged.connect(lambda _value: changed())
    return box


class WeeklyRow(QWidget):
    """One repeated departure: days, time, charge."""

    changed = Signal()
    removed = Signal(object)

    def __init__(self, departure: "s.WeeklyDeparture") -> None:
        super().__init__()
        names, full = day_names(), QLocale()
        self._days: dict[str, Button] = {}
        chips = []
        for number, day in enumerate(DAYS, 1):
            chip = Button(names[day], kind="chip", name=full.dayName(number))
            chip.setCheckable(True)
            chip.setChecked(day in departure.days)
            chip.clicked.connect(lambda _checked=False: self.changed.emit())
            self._days[day] = chip
            chips.append(chip)
        self.time = QTimeEdit(QTime(departure.time.hour, departure.time.minute))
        self.time.setDisplayFormat("HH:mm")
        roomy(self.time)
        self.time.setAccessibleName(tr("Time of departure"))
        self.time.timeChanged.connect(lambda _time: self.changed.emit())
        self.target = _percent_box(tr("Charge at departure"), self.changed.emit)
        self.target.setValue(round(departure.target_soc * 100))
        remove = Button(
            "", partial(self.removed.emit, self), kind="quiet", icon_name="trash-2", name=tr("Remove this departure")
        )
        week = widget(FlowRow(*chips, gap=0.5))
        week.setMinimumWidth(chips[0].sizeHint().width() * 3)
        when = widget(row(self.time, Label(tr("with"), "muted", wrap=False), self.target, remove, 1, gap=1))
        self.setLayout(column(week, when, gap=1))

    def value(self) -> "s.WeeklyDeparture | None":
        """The departure; None without a day."""
        from app.api.schema import WeeklyDeparture

        days = [day for day, chip in self._days.items() if chip.isChecked()]
        at = self.time.time()
        if not days:
            return None
        return WeeklyDeparture(
            days=days,  # type: ignore[arg-type]  # the chips are the weekdays
            time=time(at.hour(), at.minute()),
            target_soc=self.target.value() / 100,
        )


class BlackoutReserves(QWidget):
    """What each house battery keeps for a blackout; hidden where there is none."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self._boxes: dict[str, QSpinBox] = {}
        self._told: dict[str, float] = {}
        self._lines = column(gap=0.5)
        self.setLayout(self._lines)
        self.hide()

    def show_batteries(self, batteries: "list[s.BatteryNow]") -> None:
        """Show what the engine says; what a person is changing stays."""
        commanded = [battery for battery in batteries if battery.commanded]
        for battery in commanded:
            if battery.name not in self._boxes:
                self._add(battery.name)
            box, told = self._boxes[battery.name], self._told.get(battery.name)
            if told is None or (told != battery.reserve_soc and round(told * 100) == box.value()):
                box.blockSignals(True)
                box.setValue(round(battery.reserve_soc * 100))
                box.blockSignals(False)
            self._told[battery.name] = battery.reserve_soc
        self.setVisible(bool(commanded))

    def wished(self, before: dict[str, float]) -> dict[str, float]:
        """The reserves by battery: those that were changed, and those that were wished for before."""
        changed = {
            name: box.value() / 100
            for name, box in self._boxes.items()
            if round(self._told.get(name, 0.0) * 100) != box.value()
        }
        return {**before, **changed}

    def _add(self, name: str) -> None:
        box = _percent_box(tr("{name}: charge kept for a blackout", name=name), self._changed)
        self._boxes[name] = box
        line = row(Label(tr("{name} keeps for a blackout", name=name), "body"), box, gap=1)
        line.setStretch(0, 1)
        self._lines.addLayout(line)


class WishesEditor(QWidget):
    """Shows wishes and lets them be changed; nothing is sent from here."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._fmt = Format()
        self._wishes: s.WishesOut | None = None
        self._filling = False
        self._rows: list[WeeklyRow] = []
        self._weekly = column(gap=2)
        self._none = Label(tr("No weekly departure yet. Add one, and the car is ready in time, week by week."), "muted")
        self.add = Button(tr("Add a weekly departure"), self._add, kind="link", icon_name="plus")
        self.once = Check(tr("Once, instead of the weekly one"))
        self.once.toggled.connect(self._once_toggled)
        self.once_at = QDateTimeEdit()
        self.once_at.setDisplayFormat("ddd dd.MM.yyyy HH:mm")
        roomy(self.once_at)
        self.once_at.setAccessibleName(tr("Single departure"))
        self.once_at.dateTimeChanged.connect(lambda _at: self._changed())
        self.once_target = _percent_box(tr("Charge at the single departure"), self._changed)
        self._once_line = widget(FlowRow(self.once_at, Label(tr("with"), "muted", wrap=False), self.once_target, gap=1))
        self.reserve = QSlider(Qt.Orientation.Horizontal)
        self.reserve.setProperty("kind", "reserve")
        self.reserve.setRange(0, 100)
        self.reserve.setSingleStep(1)
        self.reserve.setPageStep(10)
        self.reserve.setAccessibleName(tr("Lowest charge to keep"))
        self.reserve.valueChanged.connect(self._reserve_moved)
        self.reserve_text = Label("", "strong", wrap=False)
        self.v2g = Check(tr("The car may feed the house"))
        self.export = Check(tr("The car may sell to the grid"))
        self.habits = Check(tr("Expect the car to leave as it usually does, when nothing else is said"))
        for box in (self.v2g, self.export, self.habits):
            box.toggled.connect(lambda _on: self._changed())
        self.blackout = BlackoutReserves(self._changed)
        self._risk = "balanced"
        self.risk = Segments(risk_choices(), self._risk, tr("On uncertain days"))
        self.risk.chosen.connect(self._risk_chosen)
        self.risk_text = Label(risk_words(self._risk), "small")
        keep = row(Label(tr("Lowest charge to keep"), "body"), self.reserve_text)
        keep.setStretch(0, 1)
        self.departures = widget(
            column(self._none, self._weekly, row(self.add, 1), self.once, self._once_line, self.habits, gap=1.5)
        )
        self.keeping = widget(
            column(
                keep,
                self.reserve,
                Label(tr("For the unexpected: below it, the car feeds neither house nor grid."), "small"),
                self.v2g,
                self.export,
                Label(tr("On uncertain days"), "body"),
                self.risk,
                self.risk_text,
                self.blackout,
                gap=1,
            )
        )

    def show_batteries(self, batteries: "list[s.BatteryNow]") -> None:
        """Which house batteries there are, and what each keeps."""
        self.blackout.show_batteries(batteries)

    def show_wishes(self, wishes: "s.WishesOut", fmt: Format, now: datetime) -> None:
        """Fill the editor."""
        self._filling = True
        self._wishes, self._fmt = wishes, fmt
        for old in list(self._rows):
            self._drop(old)
        for departure in wishes.weekly:
            self._append(departure)
        self._none.setVisible(not self._rows)
        self.once.setChecked(wishes.one_off is not None)
        self._once_line.setVisible(wishes.one_off is not None)
        at = fmt.local(wishes.one_off.at if wishes.one_off else next_full_hour(now))
        self.once_at.setDateTime(QDateTime(QDate(at.year, at.month, at.day), QTime(at.hour, at.minute)))
        self.once_target.setValue(round((wishes.one_off.target_soc if wishes.one_off else 0.8) * 100))
        self.reserve.setValue(round(wishes.reserve_soc * 100))
        self._reserve_moved(self.reserve.value())
        self.v2g.setChecked(wishes.v2g_allowed)
        self.export.setChecked(wishes.export_allowed)
        self.habits.setChecked(wishes.learn_habits)
        self.risk.choose(wishes.risk)
        self._risk_chosen(wishes.risk)
        self._filling = False

    def wishes(self) -> "s.WishesOut":
        """The wishes as they are edited."""
        from app.api.schema import OneOffDeparture, WishesOut

        one_off = None
        if self.once.isChecked():
            at = self.once_at.dateTime()
            local = datetime(
                at.date().year(),
                at.date().month(),
                at.date().day(),
                at.time().hour(),
                at.time().minute(),
                tzinfo=self._fmt.zone,
            )
            one_off = OneOffDeparture(at=local.astimezone(UTC), target_soc=self.once_target.value() / 100)
        kept = self._wishes or WishesOut()
        weekly = [value for line in self._rows if (value := line.value()) is not None]
        return kept.model_copy(
            update={
                "weekly": weekly,
                "one_off": one_off,
                "reserve_soc": self.reserve.value() / 100,
                "v2g_allowed": self.v2g.isChecked(),
                "export_allowed": self.export.isChecked(),
                "learn_habits": self.habits.isChecked(),
                "risk": self._risk,
                "battery_reserve_soc": self.blackout.wished(kept.battery_reserve_soc),
            }
        )

    @property
    def dirty(self) -> bool:
        """Has something been changed that was not sent?"""
        return self._wishes is not None and self.wishes() != self._wishes

    def _changed(self) -> None:
        if not self._filling:
            self.edited.emit()

    def _risk_chosen(self, risk: str) -> None:
        self._risk = risk
        self.risk_text.setText(risk_words(risk))
        self._changed()

    def _once_toggled(self, on: bool) -> None:
        self._once_line.setVisible(on)
        self._changed()

    def _reserve_moved(self, value: int) -> None:
        self.reserve_text.setText(self._fmt.percent(value / 100).text)
        self._changed()

    def _append(self, departure: "s.WeeklyDeparture") -> WeeklyRow:
        line = WeeklyRow(departure)
        line.changed.connect(self._changed)
        line.removed.connect(self._remove)
        self._rows.append(line)
        self._weekly.addWidget(line)
        return line

    def _add(self) -> None:
        from app.api.schema import WeeklyDeparture

        line = self._append(WeeklyDeparture(days=["mon", "tue", "wed", "thu", "fri"], time=time(7, 0), target_soc=0.8))
        self._none.hide()
        line.time.setFocus()
        self._changed()

    def _remove(self, line: WeeklyRow) -> None:
        self._drop(line)
        self._none.setVisible(not self._rows)
        self.add.setFocus()
        self._changed()

    def _drop(self, line: WeeklyRow) -> None:
        self._rows.remove(line)
        line.hide()
        self._weekly.removeWidget(line)
        line.deleteLater()
