"""The options of ``twoway secc`` and ``twoway car`` that say how the session is protected, captured and recorded."""

import argparse
import logging
import os
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

from app.cable_tls import OCSP_CHOICES, CableTls
from app.commands.arguments import contract_id
from app.errors import UserError
from app.pki import home_folder
from app.pki.contracts import car_contracts, charger_contracts
from protocols.iso15118 import Capture, EvccSecurity, SeccSecurity
from protocols.iso15118.recording import Sink
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.wire.capture import WARNING as CAPTURE_WARNING
from protocols.iso15118.wire.network import steady_clock
from protocols.pki import Policy

log = logging.getLogger(__name__)

OWNER_ONLY = 0o600
LAB_WARNING = "laboratory: this session is not encrypted, and whoever is on the cable can read and change it (--no-tls)"


def add_security_arguments(parser: argparse.ArgumentParser, *, charger: bool) -> None:
    """Declare the options; ``--no-tls`` too."""
    group = parser.add_argument_group("security")
    group.add_argument(
        "--certificates", type=Path, metavar="DIR", help="the folder of 'twoway pki make' (default: the home's)"
    )
    group.add_argument(
        "--profile",
        choices=("standard", "interop"),
        default="standard",
        help="interop: take secp256r1 in ISO 15118-20 too, for peers that have nothing better (default %(default)s)",
    )
    group.add_argument(
        "--tls",
        choices=("required", "offered"),
        default="required",
        help=(
            "offered: talk without TLS to a car that asks so, which -2 and DIN 70121 allow and -20 does not"
            if charger
            else "offered: go on without TLS with a charger that has none, which -20 does not allow"
        )
        + " (default %(default)s)",
    )
    group.add_argument(
        "--no-tls", action="store_true", help="laboratory: no TLS at all, in ISO 15118-20 neither; the summary says so"
    )
    if charger:
        group.add_argument(
            "--authorization",
            choices=("any", "eim"),
            default="any",
            help="eim: never by contract (default: by contract too, where a root in the folder can vouch for one)",
        )
        group.add_argument(
            "--install-contracts", action="store_true", help="put the folder's contract into cars that ask for one"
        )
        group.add_argument(
            "--accept",
            action="append",
            type=contract_id,
            metavar="EMAID",
            help="take only this contract; may be given several times (default: any that a root vouches for)",
        )
        group.add_argument(
            "--ocsp-response",
            type=Path,
            metavar="FILE",
            help="an OCSP response (DER) to staple (default: the one that 'twoway pki check --online' keeps)",
        )
    else:
        group.add_argument(
            "--authorization",
            choices=("eim", "pnc"),
            default="eim",
            help="pnc: by the folder's contract, if the charger takes contracts (default %(default)s)",
        )
        group.add_argument(
            "--install-contract",
            action="store_true",
            help="ask the charger for a contract first, with the folder's provisioning certificate",
        )
        group.add_argument(
            "--ocsp",
            choices=OCSP_CHOICES,
            default="required",
            help="the charger's stapled OCSP response; a private environment needs none (default %(default)s)",
        )
    group.add_argument(
        "--key-log", type=Path, metavar="FILE", help="append the session's TLS keys (NSS format, as SSLKEYLOGFILE)"
    )
    group.add_argument(
        "--capture",
        type=Path,
        metavar="FILE",
        help="write the packets, with the TLS keys inside (pcapng)",
    )
    group.add_argument(
        "--record", type=Path, metavar="FILE", help="record the sessions, for 'twoway session show' and 'replay'"
    )


def open_private(path: Path) -> IO[str]:
    """An empty file that only its owner reads, whatever stood there before. Raises UserError."""
    return _private(path, "w")


def _private(path: Path, mode: str) -> IO[str]:
    try:
        return open(path, mode, encoding="utf-8", opener=_owner_only)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error


def _owner_only(path: str, flags: int) -> int:
    handle = os.open(path, flags, OWNER_ONLY)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.fchmod(handle, OWNER_ONLY)
    return handle


class SessionSecurity:
    """What the options came to; a context that closes its files. Raises UserError, TransportError."""

    def __init__(self, args: argparse.Namespace, command: str) -> None:
        self._args = args
        self.lab_switch: bool = args.no_tls
        self.capture: Capture | None = None
        self._tls = CableTls(
            home_folder(args.certificates),
            interop=args.profile == "interop",
            allow_plain=args.tls == "offered",
            ocsp=getattr(args, "ocsp", "required"),
            ocsp_file=getattr(args, "ocsp_response", None),
        )
        self._warnings = [f"{command}: {LAB_WARNING}"] if args.no_tls else []
        self._warnings += [f"{command}: {path}: {CAPTURE_WARNING}" for path in (args.capture, args.key_log) if path]
        self._record: IO[str] | None = None if args.record is None else open_private(args.record)
        if args.capture is not None:
            self.capture = Capture(args.capture, args.interface, steady_clock())
        self._key_log: IO[str] | None = None if args.key_log is None else _private(args.key_log, "a")
        if self.capture is not None or self._key_log is not None:
            self._tls = self._tls.with_key_log(self._log_key)

    def secc(self) -> SeccSecurity:
        """For the charger's side."""
        if self.lab_switch:
            return SeccSecurity()
        args, interop = self._args, self._tls.interop
        found = None
        if args.authorization != "eim":
            found = charger_contracts(
                self._tls.folder, interop=interop, install=args.install_contracts, accepted=args.accept
            )
        return self._tls.secc().with_contracts(found)

    def evcc(self, protocols: Iterable[ProtocolName]) -> EvccSecurity:
        """For the car's side, by what it is going to propose."""
        wanted = tuple(protocols)
        if self.lab_switch:
            return EvccSecurity()
        found = None
        if self._args.authorization == "pnc" or self._args.install_contract:
            weak = self._tls.interop or not set(wanted) & {ProtocolName.V20_AC, ProtocolName.V20_DC}
            policy, older = (Policy.V2, None) if weak else (Policy.V20, Policy.V2)
            found = car_contracts(
                self._tls.folder,
                policy,
                older=older if ProtocolName.V2 in wanted else None,
                interop=self._tls.interop,
            )
        return self._tls.evcc(wanted).with_contracts(found)

    def warn(self) -> None:
        """Say once what a person must know of these options, when there is something to protect."""
        for warning in self._warnings:
            print(f"twoway {warning}", file=sys.stderr)
        self._warnings.clear()

    @property
    def record(self) -> Callable[[], Sink] | None:
        """What ``SeccServer`` and ``EvccClient`` take as ``record``."""
        return None if self._record is None else lambda: self._write

    def close(self) -> None:
        """Finish the files."""
        for file in (self._record, self._key_log):
            if file is not None:
                with suppress(OSError):
                    file.close()
        if self.capture is not None:
            self.capture.close()

    def _write(self, line: str) -> None:
        append(self._record, line)

    def _log_key(self, line: str) -> None:
        if self.capture is not None:
            self.capture.key_log(line)
        append(self._key_log, line)


def append(file: IO[str] | None, line: str) -> None:
    """One more line. What is not on the disk when a session breaks is what one wants to see, so it goes there at once;
    a full disk ends the file, not the session."""
    if file is None or file.closed:
        return
    try:
        file.write(line + "\n")
        file.flush()
    except OSError as error:
        log.warning("%s cannot be written, and ends here: %s", file.name, error.strerror)
        with suppress(OSError):
            file.close()
