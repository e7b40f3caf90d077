"""``twoway pki``: make, import, show, check, renew, revoke and export a home's certificates."""

import argparse
import getpass
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from app.commands.doctor_findings import Finding, Level
from app.commands.doctor_machine import BUILT_S
from app.commands.pki_check import check_folder
from app.commands.pki_show import as_json, as_table, rows
from app.errors import UsageError, UserError
from app.pki.folder import CertificateFolder, Entry, PkiError, home_folder
from app.pki.importing import import_bundle
from app.pki.making import PROFILES, make_sets, renew
from app.pki.status import revoke
from protocols.pki.bundle import Bundle, key_to_pem, read_bundle, to_pem, to_pkcs12
from protocols.pki.homes import Names
from protocols.pki.identifiers import IdentifierError, normalise_emaid, normalise_pcid
from protocols.pki.names import common_name
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.profiles import Role

HELP = "make, import, show and check a home's certificates"
LARGEST_BYTES = 1_000_000
LONGEST_NAME = 64
LONGEST_PASSPHRASE = 1024
SHORTEST_ID = 4
DEFAULT = Names()

EPILOG = """\
examples:
  twoway pki make                          a home's own root and charger's certificate, for -20 and for -2
  twoway pki make --car --public           and those of a simulated car, its operator, and the world outside
  twoway pki show                          what is there, for what, until when
  twoway pki check                         whether every chain, key and date holds; exit status 1 if not
  twoway pki import v2g-root.pem           trust a root, or keep a certificate with its key
  twoway pki export --role private-root    the home's root, for a car that shall trust it

Private keys are encrypted on disk with a passphrase that lies in the home's secrets.toml, apart from them: a copy of
the certificate folder alone opens none. They leave it only by 'export --with-keys'.
Exit status 0: well. 1: something failed, one sentence says what. 2: wrong usage.
"""

PROFILE_HELP = (
    "v20: secp521r1 (ISO 15118-20); v2: secp256r1 (ISO 15118-2); ed448: Ed448 (-20); interop: secp256r1 for -20 peers "
    "that have nothing better; may be given several times (default: v20 and v2)"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")

    making = _action(actions, "make", "make a home's certificates, or renew them")
    making.add_argument("--profile", action="append", choices=tuple(PROFILES), metavar="NAME", help=PROFILE_HELP)
    making.add_argument("--car", action="store_true", help="a simulated car's TLS, provisioning and contract too")
    making.add_argument(
        "--public", action="store_true", help="a V2G root with a charger and a provisioning service too"
    )
    making.add_argument(
        "--secc-id", metavar="ID", type=_name, default=DEFAULT.secc, help="the charger's ID (default %(default)s)"
    )
    making.add_argument(
        "--emaid", metavar="ID", type=_emaid, default=DEFAULT.emaid, help="the contract's ID (default %(default)s)"
    )
    making.add_argument(
        "--pcid", metavar="ID", type=_pcid, default=DEFAULT.pcid, help="the car's provisioning ID (default %(default)s)"
    )
    making.add_argument(
        "--name", metavar="TEXT", type=_home_name, default=DEFAULT.home, help="what the home's root is called"
    )
    how = making.add_mutually_exclusive_group()
    how.add_argument("--renew", action="store_true", help="only renew what was made here and ends soon or was revoked")
    how.add_argument("--again", action="store_true", help="put aside what was made here before, and make it anew")

    importing = _action(actions, "import", "keep certificates and keys that you were given")
    importing.add_argument(
        "file", nargs="+", type=Path, metavar="FILE", help="PEM, DER, PKCS#7 or PKCS#12; - for stdin"
    )
    importing.add_argument(
        "--role", choices=tuple(map(str, Role)), metavar="ROLE", help="what it is for, if it does not tell"
    )
    _passphrase(importing, "what opens encrypted keys in the file")

    showing = _action(actions, "show", "list them")
    showing.add_argument("--json", action="store_true", help="one JSON list instead of a table, for programs")
    _at(showing)

    checking = _action(actions, "check", "verify every chain, key and date")
    checking.add_argument("--json", action="store_true", help="one JSON list instead of lines, for programs")
    checking.add_argument(
        "--online", action="store_true", help="ask the issuers' OCSP responders too, and keep the answers"
    )
    _at(checking)

    revoking = _action(actions, "revoke", "declare a certificate that was made here void")
    revoking.add_argument("id", metavar="ID", help="its id, as 'show' lists it")

    exporting = _action(actions, "export", "write certificates out, without private keys unless asked")
    which = exporting.add_mutually_exclusive_group(required=True)
    which.add_argument("--role", choices=tuple(map(str, Role)), metavar="ROLE", help="all of this role")
    which.add_argument("--id", metavar="ID", help="the one with this id, as 'show' lists it")
    exporting.add_argument(
        "--with-keys", action="store_true", help="with the private keys, encrypted with the passphrase"
    )
    exporting.add_argument("--p12", action="store_true", help="as PKCS#12, with its key (one certificate)")
    exporting.add_argument("--output", type=Path, metavar="FILE", help="where to (default: standard output)")
    _passphrase(exporting, "what the exported keys get encrypted with")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; returns the exit status."""
    folder = home_folder(args.into, args.home)
    folder.is_there()
    try:
        return _ACTIONS[args.action](folder, args)
    except (CertificateProblem, IdentifierError) as error:
        raise UserError(str(error)) from None


def _make(folder: CertificateFolder, args: argparse.Namespace) -> int:
    at = _calendar()
    if args.renew:
        made = renew(folder, at)
        if not made:
            print("Nothing that was made here ends soon or was revoked.")
    else:
        names = Names(args.secc_id, args.emaid, args.pcid, args.name)
        algorithms = [PROFILES[name] for name in args.profile or ("v20", "v2")]
        made = make_sets(folder, algorithms, at, names, car=args.car, public=args.public, again=args.again)
    for entry in made:
        print(_told(entry))
    if any(entry.role is Role.PRIVATE_ROOT for entry in made):
        print(f"In {folder.path}. A car must be taught the private root: 'twoway pki export --role private-root'.")
    return 0


def _import(folder: CertificateFolder, args: argparse.Namespace) -> int:
    parts = [_bundle(path, args) for path in args.file]
    bundle = Bundle(
        tuple(one for part in parts for one in part.certificates), tuple(key for part in parts for key in part.keys)
    )
    for taken in import_bundle(folder, bundle, _calendar(), Role(args.role) if args.role else None):
        print(_told(taken.entry))
        for note in taken.notes:
            print(f"  note: {note}")
    return 0


def _show(folder: CertificateFolder, args: argparse.Namespace) -> int:
    found = rows(folder, args.at or datetime.now(UTC))
    if args.json:
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    elif not found:
        print(f"There are no certificates in {folder.path}: 'twoway pki make' makes a home's own.")
    else:
        print("\n".join(as_table(found)))
    return 0


def _check(folder: CertificateFolder, args: argparse.Namespace) -> int:
    findings: list[Finding] = []
    for finding in check_folder(folder, args.at or datetime.now(UTC), online=args.online):
        findings.append(finding)
        if not args.json:
            print(finding, flush=True)
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    return int(any(finding.level is Level.FAIL for finding in findings))


def _revoke(folder: CertificateFolder, args: argparse.Namespace) -> int:
    entry = _by_id(folder, args.id)
    revoke(folder, entry, datetime.now(UTC).replace(microsecond=0))
    print(f"'{common_name(entry.certificate.subject)}' ({entry.role}) is revoked: its OCSP answers say so from now on.")
    return 0


def _export(folder: CertificateFolder, args: argparse.Namespace) -> int:
    if args.p12 and not args.id:
        raise UsageError("--p12 holds one certificate: name it with --id, as 'twoway pki show' lists it")
    entries = [_by_id(folder, args.id)] if args.id else list(folder.entries(Role(args.role)))
    entries = [entry for entry in entries if entry.certificates]
    if not entries:
        raise PkiError(f"there is no {args.role} certificate in {folder.path}: 'twoway pki show' lists what there is")
    with_keys = args.with_keys or args.p12
    passphrase = _read_passphrase(args, ask="Passphrase for the exported keys: ") if with_keys else None
    if with_keys and not passphrase:
        raise UsageError("private keys leave only encrypted: give --passphrase-file FILE")
    if args.p12:
        _write(args.output, to_pkcs12(folder.identity(entries[0]), str(passphrase)))
        return 0
    text = ""
    for entry in entries:
        text += to_pem(entry.certificates)
        if with_keys:
            text += key_to_pem(folder.identity(entry).key, passphrase)
    _write(args.output, text.encode())
    return 0


_ACTIONS = {"make": _make, "import": _import, "show": _show, "check": _check, "revoke": _revoke, "export": _export}


def _calendar() -> datetime:
    """Now, if the clock can be believed: what is made or taken with a wrong date is of no use to anybody."""
    now = datetime.now(UTC)
    if now.timestamp() < BUILT_S:
        raise UserError(f"the clock shows {now:%Y-%m-%d %H:%M}, and certificates go by it: set it right first")
    return now


def _told(entry: Entry) -> str:
    ends = f"{entry.certificate.not_valid_after_utc:%Y-%m-%d}"
    return f"{entry.path.stem}  {entry.role:<13} {common_name(entry.certificate.subject)}, until {ends}"


def _by_id(folder: CertificateFolder, asked: str) -> Entry:
    found = [entry for entry in folder.entries() if entry.certificates and entry.path.stem.startswith(asked.lower())]
    if len(found) == 1 and len(asked) < SHORTEST_ID:
        raise UsageError(f"'{asked}' is too short for an id: give {SHORTEST_ID} of its characters or more")
    if len(found) == 1:
        return found[0]
    what = "there is no certificate" if not found else f"{len(found)} certificates have ids that begin"
    raise PkiError(f"{what} with the id '{asked:.40}' in {folder.path}: 'twoway pki show' lists the ids")


def _bundle(path: Path, args: argparse.Namespace) -> Bundle:
    passphrase = _read_passphrase(args)
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(LARGEST_BYTES + 1)
        else:
            if not path.is_file():
                raise PkiError(
                    f"{path} is no file: name a certificate file" if path.exists() else f"there is no {path}"
                )
            with path.open("rb") as file:
                data = file.read(LARGEST_BYTES + 1)
        try:
            return read_bundle(data, passphrase)
        except CertificateProblem as problem:
            asked = problem.trouble is Trouble.WRONG_KEY and passphrase is None
            if not asked or not (typed := _read_passphrase(args, ask=f"Passphrase for {path}: ")):
                raise
            return read_bundle(data, typed)
    except CertificateProblem as error:
        raise UserError(f"{path}: {error}") from None


def _read_passphrase(args: argparse.Namespace, ask: str | None = None) -> str | None:
    if args.passphrase_file is not None:
        text = _first_line(args.passphrase_file)
        if not text:
            raise UserError(f"{args.passphrase_file} holds no passphrase on its first line")
        return text
    return getpass.getpass(ask) if ask and sys.stdin is not None and sys.stdin.isatty() else None


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(LONGEST_PASSPHRASE).rstrip("\r\n")
    except UnicodeDecodeError:
        raise UserError(f"{path} holds no text: write the passphrase on its first line") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _write(path: Path | None, data: bytes) -> None:
    """To standard output, or to a file that was not there before and that only its owner may read."""
    if path is None:
        sys.stdout.buffer.write(data)
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UserError(f"{path} is there already: name another file or remove it first") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)


# What a person types


def _action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    sub = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    sub.add_argument(
        "--into",
        "--from",
        "--certificates",
        dest="into",
        type=Path,
        metavar="DIR",
        help="the folder (default: the home's own)",
    )
    sub.add_argument("--home", type=Path, metavar="FILE", help="the home file beside whose secrets the passphrase lies")
    return sub


def _passphrase(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help=f"{text}: the first line of FILE")


def _at(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--at", type=_day, metavar="DATE", help="as it will be on that day (YYYY-MM-DD; default: now)")


def _day(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
        return when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r:.20} is no date: write it as 2027-01-31") from None


def _name(text: str) -> str:
    if not (0 < len(text) <= LONGEST_NAME and text.isprintable()):
        raise argparse.ArgumentTypeError(f"a name in a certificate has 1 to {LONGEST_NAME} characters")
    return text


def _home_name(text: str) -> str:
    return _name(text) and _name(text + " private root").removesuffix(" private root")


def _emaid(text: str) -> str:
    try:
        return normalise_emaid(text)
    except IdentifierError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _pcid(text: str) -> str:
    try:
        return normalise_pcid(text)
    except IdentifierError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
