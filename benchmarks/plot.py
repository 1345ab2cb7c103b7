"""A log-log line plot as SVG."""

from __future__ import annotations

import math
from html import escape
from pathlib import Path

Points = list[tuple[float, float]]
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_W, _H, _LEFT, _TOP, _RIGHT, _BOTTOM = 720, 440, 70, 20, 190, 50


def plot(path: Path, lines: dict[str, Points], x_title: str, y_title: str) -> None:
    """Write the plot; all numbers must be above 0."""
    xs = [math.log10(x) for points in lines.values() for x, _ in points]
    ys = [math.log10(y) for points in lines.values() for _, y in points]
    low_x, high_x, low_y, high_y = min(xs), max(xs), math.floor(min(ys)), math.ceil(max(ys))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - low_x) / max(high_x - low_x, 1e-9) * (_W - _LEFT - _RIGHT) + _LEFT
        up = (math.log10(y) - low_y) / max(high_y - low_y, 1e-9) * (_H - _TOP - _BOTTOM)
        return across, _H - _BOTTOM - up

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_W} {_H}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_W}" height="{_H}" fill="white"/>',
    ]
    for power in range(low_y, high_y + 1):
        _, y = place(10**low_x, 10.0**power)
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_W - _RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for n in sorted({x for points in lines.values() for x, _ in points}):
        x, _ = place(n, 10.0**low_y)
        parts.append(f'<text x="{x:.1f}" y="{_H - _BOTTOM + 18}" text-anchor="middle">{n:,.0f}</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        dots = [place(x, y) for x, y in points]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
        dash = ' stroke-dasharray="5 4"' if name.endswith("MB") else ""
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        slope = (
            (math.log(points[-1][1] / points[-2][1]) / math.log(points[-1][0] / points[-2][0])) if len(dots) > 1 else 0
        )
        y = _TOP + 16 + 20 * number
        parts.append(f'<text x="{_W - _RIGHT + 12}" y="{y}" fill="{colour}">{escape(name)} (n^{slope:.1f})</text>')
    middle = (_W - _RIGHT + _LEFT) / 2
    parts.append(f'<text x="{middle}" y="{_H - 10}" text-anchor="middle">{escape(x_title)}</text>')
    parts.append(
        f'<text transform="translate(16 {_H / 2}) rotate(-90)" text-anchor="middle">{escape(y_title)}</text></svg>'
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
