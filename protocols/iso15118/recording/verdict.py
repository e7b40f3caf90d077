"""What a replay found, in lines for people and as data."""

from dataclasses import dataclass

from protocols.iso15118.recording.drive import Driven, unknown_answers
from protocols.iso15118.recording.reader import Session
from protocols.iso15118.recording.walk import Walk, walk


@dataclass(frozen=True, slots=True)
class Verdict:
    """One session's. `driven` None: it is not ours to run again, or cannot be (`not_driven` says why)."""

    session: Session
    walk: Walk
    driven: Driven | None
    not_driven: str = ""

    @property
    def findings(self) -> list[str]:
        """Everything that is not as it should be."""
        found = list(self.walk.findings)
        if self.session.cut:
            found.append(f"the recording is not whole: {self.session.cut}")
        if self.driven is not None and self.driven.difference is not None:
            found.append(f"our own end does otherwise now: {self.driven.difference}")
        return found

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def lines(self) -> list[str]:
        """For people."""
        session, told = self.session, self.walk
        title = session.dialect.title if session.dialect else "no protocol was agreed on"
        lines = [
            f"{title}: {len(session.messages)} messages, {told.decoded} read, "
            f"{told.same_bytes} encode to the same bytes",
            f"order and times: {told.exchanges} exchanges on the table, the last state is {told.state}",
        ]
        if session.end is not None:
            how = "properly" if session.end["proper"] else "NOT properly"
            lines.append(f"it ended {how}: {session.end['reason']}")
        if self.driven is not None:
            lines.append(f"our own end ({session.header['role']}): {self.driven.same} messages come out as they were")
        else:
            lines.append(f"our own end is not run again: {self.not_driven}")
        return [*lines, *(f"! {finding}" for finding in self.findings)]


def replay(session: Session) -> Verdict:
    """Check a session: bytes, order, times, and, for a recording of ours, our own end."""
    walked = walk(session)
    why = _not_driven(session)
    return Verdict(session, walked, None if why else Driven(session).run(), why)


def _not_driven(session: Session) -> str:
    if not session.header:
        return "the file holds messages only, not what the state machine read"
    gaps = sorted({line["name"] for line in session.lines if line["kind"] == "gap"}) + unknown_answers(session)
    return f"{', '.join(gaps)} could not be recorded" if gaps else ""
