"""The report as one page of HTML."""

from collections.abc import Mapping
from typing import Any


def page_of(report: Mapping[str, Any]) -> str:
    """A whole page."""
    return f"<!doctype html><title>Backtest</title><p>{report['bound_eur']}</p>"
