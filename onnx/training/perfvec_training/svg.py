"""Small charts as inline SVG: without scripts, fonts or other files."""

import math
from collections.abc import Iterable, Sequence
from html import escape

COLOURS = ["#2563a8", "#c2571a", "#3c8a4e", "#8a4fa3", "#a03548", "#5b6b7a"]


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers that cover [low, high]."""
    if not high > low:
        high = low + 1.0
    step = 10.0 ** math.floor(math.log10((high - low) / count))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= count)
    first = math.floor(low / step + 1e-9)
    return [step * i for i in range(first, math.ceil(high / step - 1e-9) + 1)]


class Chart:
    """A frame with axes; `x` and `y` are the data's ranges. `log_x` for a logarithmic axis."""

    def __init__(self, width: int, height: int, x: tuple[float, float], y: tuple[float, float],
                 x_label: str = "", y_label: str = "", log_x: bool = False,
                 title: str = "") -> None:
        self.width, self.height, self.log_x = width, height, log_x
        self.left, self.bottom, self.top, self.right = 52, 36, 22, 10
        self.parts = []
        y_ticks = ticks(*y)
        self.y0, self.y1 = y_ticks[0], y_ticks[-1]
        if log_x:
            self.x0, self.x1 = math.log10(x[0]), math.log10(x[1])
            x_ticks = [10.0**e for e in range(math.ceil(self.x0 - 1e-9),
                                              math.floor(self.x1 + 1e-9) + 1)]
        else:
            x_ticks = ticks(*x)
            self.x0, self.x1 = x_ticks[0], x_ticks[-1]
        for t in y_ticks:
            py = self.py(t)
            self.parts.append(f'<line x1="{self.left}" x2="{width - self.right}" y1="{py:.1f}" '
                              f'y2="{py:.1f}" class="grid"/>')
            self.text(self.left - 6, py + 4, f"{t:g}", "end")
        for t in x_ticks:
            self.text(self.px(t), height - self.bottom + 15, short(t), "middle")
        self.text((self.left + width) / 2, height - 4, x_label, "middle")
        self.text(4, 13, y_label if not title else f"{title} — {y_label}", "start")

    def px(self, x: float) -> float:
        """Where a value of x lies."""
        x = math.log10(x) if self.log_x else x
        span = (self.x1 - self.x0) or 1.0
        return self.left + (x - self.x0) / span * (self.width - self.left - self.right)

    def py(self, y: float) -> float:
        """Where a value of y lies."""
        span = (self.y1 - self.y0) or 1.0
        height = self.height - self.top - self.bottom
        return self.top + (1.0 - (y - self.y0) / span) * height

    def text(self, x: float, y: float, text: object, anchor: str) -> None:
        """Adds a text."""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
                          f"{escape(str(text))}</text>")

    def line(self, xs: Iterable[float], ys: Iterable[float], colour: int = 0,
             dash: str = "") -> None:
        """Adds a line through points."""
        points = " ".join(f"{self.px(x):.1f},{self.py(y):.1f}" for x, y in zip(xs, ys))
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<polyline points="{points}" fill="none" stroke-width="1.4" '
                          f'stroke="{COLOURS[colour]}"{dash}/>')

    def point(self, x: float, y: float, colour: int = 0, label: str = "") -> None:
        """Adds a dot that says `label` under the mouse."""
        self.parts.append(f'<circle cx="{self.px(x):.1f}" cy="{self.py(y):.1f}" r="3.2" '
                          f'fill="{COLOURS[colour]}" fill-opacity="0.75">'
                          f"<title>{escape(label)}</title></circle>")

    def legend(self, labels: Iterable[str]) -> None:
        """Adds the names of the colours, in their order."""
        x = self.left + 8.0
        for i, label in enumerate(labels):
            self.parts.append(f'<rect x="{x}" y="{self.top + 2}" width="9" height="9" '
                              f'fill="{COLOURS[i]}"/>')
            self.text(x + 13, self.top + 11, label, "start")
            x += 26 + 6.3 * len(label)

    def svg(self) -> str:
        """The chart as an element of HTML."""
        return (f'<svg viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                f'height="{self.height}" role="img">{"".join(self.parts)}</svg>')


def short(value: float) -> str:
    """1000000 as 1M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def bars(items: Sequence[tuple[str, Sequence[float | None]]], width: int = 760,
         thick: int = 12) -> str:
    """Horizontal bars of [(label, [values])], one colour per value, None where there is none;
    each bar has its value behind it, in percent."""
    top = max((v for _, vs in items for v in vs if v is not None), default=1.0) or 1.0
    parts, y = [], 4
    for label, values in items:
        shown = [(i, v) for i, v in enumerate(values) if v is not None]
        middle = y + len(shown) * thick / 2 + 4
        parts.append(f'<text x="168" y="{middle:.1f}" text-anchor="end">{escape(label)}</text>')
        for i, v in shown:
            size = v / top * (width - 240)
            parts.append(f'<rect x="174" y="{y}" width="{size:.1f}" height="{thick - 2}" '
                         f'fill="{COLOURS[i]}"/>')
            parts.append(f'<text x="{180 + size:.1f}" y="{y + thick - 3}">{100 * v:.1f} %</text>')
            y += thick
        y += 6
    return f'<svg viewBox="0 0 {width} {y}" width="{width}" height="{y}">{"".join(parts)}</svg>'
