"""Sessions written down, read back, shown and run again: `recorder.py` while a session runs, the rest offline.

sink = ...                                           # takes lines
SeccServer(..., record=lambda: sink)                 # one recording a session
sessions = read_sessions(Path("night.jsonl").read_bytes())
verdict = replay(sessions[0])                        # verdict.clean, verdict.lines
"""

from protocols.iso15118.recording.plain import RecordingError
from protocols.iso15118.recording.reader import Recorded, Session, read_sessions
from protocols.iso15118.recording.recorder import Recorder, Sink
from protocols.iso15118.recording.verdict import Verdict, replay

__all__ = ["Recorded", "Recorder", "RecordingError", "Session", "Sink", "Verdict", "read_sessions", "replay"]
