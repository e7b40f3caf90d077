"""Charts as inline SVG; colours are the page's own variables, so that they follow light and dark."""

import math
from collections.abc import Callable, Sequence
from html import escape

Number = float | None
Place = Callable[[float], float]


def bars(rows: Sequence[tuple[str, float, str, str]], *, width: int = 720) -> str:
    """Lying bars: (name, value, what stands at its end, CSS class); below 0 they lie to the left of the axis."""
    left, height, room = 190, 34, 120
    low, high = min(0.0, *(value for _, value, _, _ in rows)), max(1e-9, *(value for _, value, _, _ in rows))
    scale = (width - left - room) / (high - low)
    zero = left - low * scale
    parts = []
    for k, (name, value, label, kind) in enumerate(rows):
        y = 6 + k * height
        x, w = (zero, value * scale) if value >= 0 else (zero + value * scale, -value * scale)
        parts.append(
            f'<text class="name" x="{left - 12}" y="{y + 17}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="{kind}" x="{x:.1f}" y="{y}" width="{max(w, 1.0):.1f}" height="{height - 10}" rx="3"/>'
            f'<text x="{zero + max(value, 0.0) * scale + 8:.1f}" y="{y + 17}">{escape(label)}</text>'
        )
    body = "".join(parts) + f'<line class="axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{len(rows) * height + 4}"/>'
    return _svg(width, len(rows) * height + 8, body)


def columns(names: Sequence[str], rows: Sequence[tuple[float, float, Number]], *, width: int = 720) -> str:
    """Standing pairs: for each name what could be had, what was had (inside it), and the share above."""
    height, bottom, top = 230, 26, 24
    high = max(1e-9, *(possible for possible, _, _ in rows))
    step = (width - 20) / len(rows)
    size = min(46.0, step * 0.7)
    scale = (height - bottom - top) / high
    parts = [f'<line class="axis" x1="10" x2="{width - 10}" y1="{height - bottom}" y2="{height - bottom}"/>']
    for k, (name, (possible, had, share)) in enumerate(zip(names, rows, strict=True)):
        x = 10 + k * step + (step - size) / 2
        base = height - bottom
        label = "" if share is None else f"{share:.0%}"
        parts.append(
            f'<rect class="ghost" x="{x:.1f}" y="{base - possible * scale:.1f}" width="{size:.1f}" '
            f'height="{max(possible * scale, 0.5):.1f}" rx="3">'
            f"<title>{escape(name)}: {possible:.2f} possible</title></rect>"
            f'<rect class="own" x="{x:.1f}" y="{base - max(had, 0.0) * scale:.1f}" width="{size:.1f}" '
            f'height="{max(had * scale, 0.5):.1f}" rx="3"><title>{escape(name)}: {had:.2f} saved</title></rect>'
            f'<text class="small" text-anchor="middle" x="{x + size / 2:.1f}" '
            f'y="{base - possible * scale - 7:.1f}">{label}</text>'
            f'<text class="small" text-anchor="middle" x="{x + size / 2:.1f}" y="{height - 8}">{escape(name)}</text>'
        )
    return _svg(width, height, "".join(parts))


def histogram(values: Sequence[float], *, least: float = 0.0, width: int = 720) -> str:
    """How many days had which share; what lies below ``least`` is counted in the first column."""
    bins, height, bottom, top = 20, 170, 26, 18
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, max(0, math.floor((value - least) / (1.0 - least) * bins)))] += 1
    step = (width - 40) / bins
    scale = (height - bottom - top) / max(1, *counts)
    parts = [f'<line class="axis" x1="20" x2="{width - 20}" y1="{height - bottom}" y2="{height - bottom}"/>']
    for k, count in enumerate(counts):
        x = 20 + k * step
        from_, to = (least + (1.0 - least) * edge / bins for edge in (k, k + 1))
        parts.append(
            f'<rect class="own" x="{x + 1:.1f}" y="{height - bottom - count * scale:.1f}" width="{step - 2:.1f}" '
            f'height="{count * scale:.1f}" rx="2"><title>{from_:.0%} to {to:.0%}: {count} days</title></rect>'
        )
        if count:
            y = height - bottom - count * scale - 4
            parts.append(f'<text class="small" text-anchor="middle" x="{x + step / 2:.1f}" y="{y:.1f}">{count}</text>')
        if k % 4 == 0:
            below = "below " if k == 0 else ""
            text = f"{below}{to:.0%}" if k == 0 else f"{from_:.0%}"
            parts.append(f'<text class="small" x="{x:.1f}" y="{height - 8}">{text}</text>')
    parts.append(f'<text class="small" text-anchor="end" x="{width - 20}" y="{height - 8}">100%</text>')
    return _svg(width, height, "".join(parts))


def day(
    load_w: Sequence[float],
    solar_w: Sequence[float],
    ev_w: Sequence[float],
    soc: Sequence[float],
    price: Sequence[float],
    *,
    width: int = 720,
) -> str:
    """A day: load, sun and the car's power; its charge and the price below."""
    upper, lower, gap, left, right = 190, 90, 26, 44, 44
    n = len(load_w)
    high = max(1000.0, *load_w, *solar_w, *ev_w)
    low = min(0.0, *ev_w)
    step = (width - left - right) / n

    def x_of(k: float) -> float:
        return left + k * step

    def y_of(power: float) -> float:
        return 8 + (high - power) / (high - low) * (upper - 8)

    parts = []
    for kw in _ticks(low / 1e3, high / 1e3):
        y = y_of(kw * 1e3)
        parts.append(
            f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="small" text-anchor="end" x="{left - 6}" y="{y + 4:.1f}">{kw:g}</text>'
        )
    parts.append(f'<text class="small" x="2" y="{upper + 16}">kW</text>')
    zero = y_of(0.0)
    sun = " ".join(f"{x_of(k):.1f},{y_of(v):.1f} {x_of(k + 1):.1f},{y_of(v):.1f}" for k, v in enumerate(solar_w))
    parts.append(f'<polygon class="sun" points="{left},{zero:.1f} {sun} {x_of(n):.1f},{zero:.1f}"/>')
    for k, power in enumerate(ev_w):
        if abs(power) > 25:
            y = min(zero, y_of(power))
            kind = "charge" if power > 0 else "discharge"
            parts.append(
                f'<rect class="{kind}" x="{x_of(k):.1f}" y="{y:.1f}" width="{step:.2f}" '
                f'height="{abs(y_of(power) - zero):.1f}"/>'
            )
    parts.append(_steps("load", load_w, x_of, y_of))
    base = upper + gap
    top_price, least_price = max(*price, 0.01), min(*price, 0.0)

    def y_price(value: float) -> float:
        return base + (top_price - value) / (top_price - least_price) * lower

    def y_soc(value: float) -> float:
        return base + (1.0 - value) * lower

    parts.append(_steps("price", price, x_of, y_price))
    line = " ".join(f"{x_of(k + 1):.1f},{y_soc(v):.1f}" for k, v in enumerate(soc))
    parts.append(f'<polyline class="soc" points="{line}"/>')
    for share in (0.0, 0.5, 1.0):
        parts.append(
            f'<text class="small" text-anchor="end" x="{left - 6}" y="{y_soc(share) + 4:.1f}">{share:.0%}</text>'
        )
    for value in (least_price, top_price):
        parts.append(f'<text class="small" x="{width - right + 5}" y="{y_price(value) + 4:.1f}">{value:.2f}</text>')
    for hour in range(0, 25, 3):
        parts.append(
            f'<text class="small" text-anchor="middle" x="{x_of(hour * n / 24):.1f}" '
            f'y="{base + lower + 18}">{hour:02d}</text>'
        )
    return _svg(width, base + lower + 26, "".join(parts))


def _steps(kind: str, values: Sequence[float], x_of: Place, y_of: Place) -> str:
    points = " ".join(f"{x_of(k):.1f},{y_of(v):.1f} {x_of(k + 1):.1f},{y_of(v):.1f}" for k, v in enumerate(values))
    return f'<polyline class="{kind}" points="{points}"/>'


def _ticks(low: float, high: float) -> list[float]:
    step = next(s for s in (0.5, 1.0, 2.0, 5.0, 10.0, 1e9) if (high - low) / s <= 7)
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _svg(width: int, height: float, body: str) -> str:
    return f'<svg viewBox="0 0 {width} {height:g}" role="img">{body}</svg>'
