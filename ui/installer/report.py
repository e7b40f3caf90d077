"""The commissioning report: the checklist with its results and limits, as a PDF on A4."""

from datetime import datetime
from html import escape

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QFont, QGuiApplication, QPageLayout, QPageSize, QPdfWriter, QTextDocument

from ui.i18n import tr
from ui.models.installer import Step, state_words
from ui.models.units import Format

_STYLE = """
h1 { font-size: 20pt; margin-bottom: 2pt; } h2 { font-size: 12pt; margin: 14pt 0 2pt 0; }
p { margin: 2pt 0; } .quiet { color: #566071; } td { padding: 2pt 14pt 2pt 0; }
"""
_MARK = {"done": "✓", "todo": "○", "warn": "!", "failed": "✗", "none": "–"}


def report_html(home: str, now: datetime, steps: list[Step], version: str, fmt: Format) -> str:
    """The report as HTML, the rich text that Qt prints."""
    done = sum(1 for step in steps if step.state in {"done", "none"})
    parts = [
        f"<style>{_STYLE}</style><h1>{escape(tr('Commissioning report'))}</h1>",
        f"<p><b>{escape(home)}</b></p>",
        f"<p class='quiet'>{escape(fmt.long_day(now))}, {fmt.clock(now).text} · Twoway {escape(version)}</p>",
        f"<p>{escape(tr('{done} of {all} steps done.', done=str(done), all=str(len(steps))))}</p>",
    ]
    for step in steps:
        parts.append(f"<h2>{_MARK[step.state]} {escape(step.title)} – {escape(state_words(step.state))}</h2>")
        parts.append(f"<p>{escape(step.words)}</p>")
        if step.facts:
            rows = "".join(
                f"<tr><td class='quiet'>{escape(name)}</td><td>{escape(shown.text)}</td></tr>"
                for name, shown in step.facts
            )
            parts.append(f"<table>{rows}</table>")
    line = "_" * 34
    parts.append(f"<p>&nbsp;</p><p>&nbsp;</p><table><tr><td>{line}</td><td>{line}</td></tr>")
    parts.append(f"<tr><td class='quiet'>{escape(tr('Place and date'))}</td>")
    parts.append(f"<td class='quiet'>{escape(tr('Installer'))}</td></tr></table>")
    return "".join(parts)


def report_pdf(html: str, title: str) -> bytes:
    """The report's bytes."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator("Twoway")
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(20, 18, 20, 18), QPageLayout.Unit.Millimeter)
    document = QTextDocument()
    font = QFont(QGuiApplication.font())
    font.setPointSizeF(10)
    document.setDefaultFont(font)
    document.documentLayout().setPaintDevice(writer)
    document.setPageSize(QSizeF(writer.width(), writer.height()))
    document.setHtml(html)
    document.print_(writer)
    del writer
    buffer.close()
    return bytes(data.data())
