"""``twoway session``: show and replay recorded sessions, without a car and without a network."""

import argparse
import fnmatch
import json
from pathlib import Path

from app.commands.session_table import HEADING, rows
from app.errors import UserError
from protocols.iso15118.recording import RecordingError, Session, read_sessions, replay
from protocols.iso15118.recording.reader import MAX_BYTES

HELP = "show and replay recorded sessions"

EPILOG = """\
FILE is what 'twoway secc --record FILE' or 'twoway car --record FILE' wrote. The JSON lines that these commands print,
and files of EXI documents (one a line, with sender and namespace; gzip or not), are read too.

'replay' reads every message, encodes it again and compares the bytes, and goes along the transition table and the
timers of both ends. For a recording it runs our own end once more, with the recorded messages, times and readings, and
compares what it sends, byte for byte.
Exit status 0: nothing was found. 1: something was, or the file cannot be read; one line each says what.

example:
  twoway secc --interface lo --once --no-tls --record night.jsonl
  twoway session show night.jsonl --messages '*ChargeLoop*'
  twoway session replay night.jsonl
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    showing = actions.add_parser("show", help="print a session as a table")
    showing.add_argument("--json", action="store_true", help="one JSON object a message instead, for programs")
    showing.add_argument(
        "--messages", action="append", metavar="NAME", help="only these; may be a pattern ('*Loop*'), and be repeated"
    )
    replaying = actions.add_parser("replay", help="check a session, and run our own end of it again")
    replaying.add_argument("--json", action="store_true", help="the verdict as JSON, one object a session")
    for action in (showing, replaying):
        action.add_argument("file", type=Path, metavar="FILE", help="the recording")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; returns the exit status."""
    sessions = load(args.file)
    return _show(sessions, args) if args.action == "show" else _replay(sessions, args)


def load(path: Path) -> list[Session]:
    """The sessions in a file. Raises UserError with one sentence."""
    try:
        with path.open("rb") as file:
            # Not by the file's size, which a device or a pipe does not tell.
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UserError(f"{path}: a file of more than {MAX_BYTES >> 20} MiB is no session of a car")
        return read_sessions(data)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except RecordingError as error:
        raise UserError(f"{path} is no recorded session: {error}") from error


def _show(sessions: list[Session], args: argparse.Namespace) -> int:
    wanted: list[str] = args.messages or ["*"]
    shown = 0
    for number, session in enumerate(sessions, 1):
        if not args.json:
            print(_title(session, number, len(sessions)))
            print(HEADING)
        for row in rows(session):
            if any(fnmatch.fnmatchcase(row.message, pattern) for pattern in wanted):
                shown += 1
                print(json.dumps(row.as_json(), ensure_ascii=False) if args.json else row.as_text())
        if not args.json:
            print(_ending(session))
    if not shown:
        raise UserError(f"{args.file} has no message named {' or '.join(wanted)}")
    return 0


def _replay(sessions: list[Session], args: argparse.Namespace) -> int:
    verdicts = [replay(session) for session in sessions]
    for number, verdict in enumerate(verdicts, 1):
        if args.json:
            found = {
                "clean": verdict.clean,
                "protocol": verdict.session.dialect.name if verdict.session.dialect else None,
                "messages": len(verdict.session.messages),
                "same_bytes": verdict.walk.same_bytes,
                "exchanges": verdict.walk.exchanges,
                "own_messages": verdict.driven.same if verdict.driven else None,
                "findings": verdict.findings,
            }
            print(json.dumps(found, ensure_ascii=False))
            continue
        print(f"session {number} of {len(verdicts)}")
        print("".join(f"  {line}\n" for line in verdict.lines), end="")
        print(f"  verdict: {'as it should be' if verdict.clean else f'{len(verdict.findings)} findings'}")
    return 0 if all(verdict.clean for verdict in verdicts) else 1


def _title(session: Session, number: int, of: int) -> str:
    protocol = session.dialect.title if session.dialect else "no protocol agreed on"
    which = f"session {number} of {of}: " if of > 1 else ""
    opened = next((line for line in session.lines if line["kind"] == "opened"), None)
    tls = ""
    if opened is not None:
        tls = f", {opened['security'].get('version') or 'without TLS'}"
    role = f", recorded by the {'charger' if session.header['role'] == 'secc' else 'car'}" if session.header else ""
    return f"{which}{protocol}{tls}{role}"


def _ending(session: Session) -> str:
    end = session.end
    if session.cut:
        return f"the file is not whole: {session.cut}"
    if end is None:
        return f"{len(session.messages)} messages"
    how = "properly" if end["proper"] else "NOT properly"
    return f"{len(session.messages)} messages; ended {how}: {end['reason']}"
