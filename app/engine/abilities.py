"""What a driver can do, asked of the driver itself: by its methods, never by its make."""

from typing import TypeGuard

from app.ports import (
    BatteryDriver,
    Captured,
    ChargerDriver,
    LimitDriver,
    PlanWatcher,
    Report,
    SessionWatcher,
    SwitchDriver,
)


def is_charger(driver: object) -> TypeGuard[ChargerDriver]:
    """Takes a charger's set-points."""
    return hasattr(driver, "set_point") and hasattr(driver, "stop_session")


def is_battery(driver: object) -> TypeGuard[BatteryDriver]:
    """Takes a house battery's power."""
    return hasattr(driver, "set_power") and hasattr(driver, "battery")


def switches(driver: object) -> TypeGuard[SwitchDriver]:
    """Closes and opens a relay."""
    return hasattr(driver, "set_switch")


def takes_limit(driver: object) -> TypeGuard[LimitDriver]:
    """Lets an inverter give less."""
    return hasattr(driver, "set_limit")


def can_be_captured(driver: object) -> TypeGuard[Captured]:
    """Its packets can be captured."""
    return hasattr(driver, "capture")


def reports(driver: object) -> TypeGuard[Report]:
    """Tells a grid link's other end how the home does."""
    return hasattr(driver, "report")


def watches_sessions(driver: object) -> TypeGuard[SessionWatcher]:
    """Wants each new picture of the car."""
    return hasattr(driver, "session_changed")


def watches_plans(driver: object) -> TypeGuard[PlanWatcher]:
    """Wants each new plan."""
    return hasattr(driver, "plan_changed")
