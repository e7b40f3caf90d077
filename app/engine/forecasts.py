"""How good the forecasts are: as a line of the health book, and as the plan's page shows it."""

from typing import Literal

from app.api import schema as s
from app.engine.plan_types import PlanDone
from app.ports import Health, HealthLevel
from energy.forecast import HistoryNote, Score, score_sentence
from energy.forecast.score import OURS

FORECAST_NAME = "forecast"


def forecast_health(done: PlanDone) -> Health:
    """Both scores in a sentence each, what was left out of the histories, and the figures."""
    scored = (("Load", done.load_scores), ("Solar", done.solar_scores))
    sentences = [score_sentence(what, scores) for what, scores in scored if scores]
    for what, notes in (("load", done.load_notes), ("solar", done.solar_notes)):
        sentences += [note.sentence(what) for note in notes]
    details: dict[str, str | float | int | bool | None] = {}
    for what, scores in scored:
        for score in scores:
            details |= _figures(f"{what.lower()}, {score.of}", score)
    noted = bool(done.load_notes or done.solar_notes)
    return Health(level=HealthLevel.WARNING if noted else HealthLevel.OK, text=" ".join(sentences), details=details)


def forecasts(done: PlanDone) -> list[s.ForecastOut]:
    """Both, as far as they have been scored."""
    found = (_out("load", done.load_scores, done.load_notes), _out("solar", done.solar_scores, done.solar_notes))
    return [one for one in found if one is not None]


def _out(
    of: Literal["load", "solar"], scores: tuple[Score, ...], notes: tuple[HistoryNote, ...]
) -> s.ForecastOut | None:
    ours = next((score for score in scores if score.of == OURS), None)
    if ours is None:
        return None
    return s.ForecastOut(
        of=of,
        mean_error_w=ours.mae_w,
        rmse_w=ours.rmse_w,
        simple_mean_error_w=min((score.mae_w for score in scores if score.of != OURS), default=None),
        band_share=ours.band_share,
        days=ours.days,
        left_out=[note.sentence(of) for note in notes],
    )


def _figures(name: str, score: Score) -> dict[str, str | float | int | bool | None]:
    found: dict[str, str | float | int | bool | None] = {
        f"{name}: RMSE W": round(score.rmse_w, 1),
        f"{name}: mean error W": round(score.mae_w, 1),
        f"{name}: days": score.days,
    }
    return found if score.band_share is None else found | {f"{name}: in the band": round(score.band_share, 3)}
