"""What the options of ``twoway secc`` and ``twoway car`` must not say together: told before anything is opened."""

import argparse
import os
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from app.commands.session_log import CONTROL_MODES, PROTOCOLS, SERVICES
from app.errors import UsageError, UserError
from protocols.iso15118 import ControlMode
from protocols.iso15118.evse import HOME_SERVICES
from protocols.iso15118.services import Energy, ProtocolName, Service

SPEAKS: dict[ProtocolName, frozenset[Energy]] = {
    ProtocolName.V20_DC: frozenset({Energy.DC}),
    ProtocolName.V20_AC: frozenset({Energy.AC}),
    ProtocolName.V2: frozenset(Energy),
    ProtocolName.DIN: frozenset({Energy.DC}),
}
"""Which energy a protocol can carry."""
FILES = ("record", "capture", "key_log", "paused")
"""The options that write a file."""


def check_charger(args: argparse.Namespace) -> None:
    """Raises UsageError, or UserError for a file that cannot be written."""
    services = [SERVICES[name] for name in args.service] if args.service else HOME_SERVICES
    for name in args.protocol or ():
        _check_energy(name, services, "it cannot offer one of")
    contracts = {"--install-contracts": args.install_contracts, "--accept": args.accept}
    _refuse_contracts(args, contracts)
    if args.authorization == "eim" and (asked := _asked(contracts)):
        raise UsageError(f"{asked} is about contracts, and --authorization eim takes none: leave one of them out")
    _check_files(args)


def check_car(args: argparse.Namespace) -> None:
    """Raises UsageError, or UserError for a file that cannot be written."""
    for name in args.protocol or ():
        _check_energy(name, [SERVICES[args.service]], "a car cannot ask in it for")
    contracts = {"--authorization pnc": args.authorization == "pnc", "--install-contract": args.install_contract}
    _refuse_contracts(args, contracts)
    if args.protocol and set(args.protocol) == {ProtocolName.DIN.value} and (asked := _asked(contracts)):
        raise UsageError(f"{asked} is about contracts, which {ProtocolName.DIN} does not know: propose another too")
    if args.sdp_port == 0:
        raise UsageError("--sdp-port 0 is for a charger, which then tells the port it took: give the car that one")
    if args.resume and args.paused is None:
        raise UsageError("--resume needs --paused FILE: where the paused session was kept")
    scheduled = args.control_mode is not None and CONTROL_MODES[args.control_mode] is ControlMode.SCHEDULED
    if scheduled and args.mobility_needs == "charger":
        raise UsageError("--mobility-needs charger goes with dynamic mode only: leave --control-mode scheduled out")
    _check_files(args)


def _check_energy(protocol: str, services: Iterable[Service], words: str) -> None:
    if not any(service.energy in SPEAKS[PROTOCOLS[protocol]] for service in services):
        names = ", ".join(service.name.lower() for service in services)
        raise UsageError(f"--protocol {protocol} and --service do not go together: {words} {names}")


def _refuse_contracts(args: argparse.Namespace, contracts: dict[str, object]) -> None:
    if args.no_tls and (asked := _asked(contracts)):
        raise UsageError(f"{asked} needs TLS, since a contract is worth nothing without it: leave --no-tls out")


def _asked(options: dict[str, object]) -> str | None:
    return next((name for name, given in options.items() if given), None)


def _check_files(args: argparse.Namespace) -> None:
    files = {f"--{name.replace('_', '-')}": Path(path) for name in FILES if (path := getattr(args, name))}
    for (one, path), (other, same) in combinations(files.items(), 2):
        if path.resolve() == same.resolve() and not path.is_char_device():
            raise UsageError(f"{one} and {other} name the same file {path}: give each its own")
    if args.paused is not None:
        _check_place(args.paused)


def _check_place(path: Path) -> None:
    """A paused session is written hours from now: that it can be is told at the start."""
    folder = path.parent
    if path.is_dir():
        raise UserError(f"{path} is a folder: name a file to keep the paused session in")
    if not folder.is_dir():
        raise UserError(f"{path} cannot be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"{path} cannot be written: this user may not write in {folder}")
