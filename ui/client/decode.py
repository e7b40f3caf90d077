"""JSON from the engine to models of the schema. Imported after the first paint: it costs a fifth of a second."""

from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from app.api import schema as s

KINDS: dict[str, Any] = {
    "home": s.HomeSnapshot,
    "plan": s.PlanOut,
    "preview": s.PlanOut,
    "wishes": s.WishesOut,
    "events": list[s.EventOut],
    "event": s.EventOut,
    "put off": s.LoadNow,
    "health": list[s.HealthOut],
    "session": s.SessionOut,
    "sessions": list[s.SessionOut],
    "message": s.MessageOut,
    "messages": list[s.MessageOut],
    "history": s.HistoryOut,
    "summary": s.SummaryOut,
    "decisions": s.DecisionsOut,
    "installer": s.InstallerOut,
    "recordings": list[s.RecordingOut],
    "capture": s.CaptureOut,
    "about": s.About,
}


@lru_cache(maxsize=32)
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind])


def decode(kind: str, data: str | bytes) -> Any:
    """The model of ``kind``; text as it is where ``kind`` is "text"; None for a kind that this version does not know.

    Raises ``pydantic.ValidationError`` where the body does not fit.
    """
    if kind == "text":
        return data.decode() if isinstance(data, bytes) else data
    return _adapter(kind).validate_json(data) if kind in KINDS else None
