"""A few shapes in SVG, readable on light and on dark pages."""

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

PAPER: Final = "#ffffff"
INK: Final = "#1f2933"
FAINT: Final = "#9aa5b1"
WIRES: Final = ("#c0392b", "#1f6fb2", "#2e7d32")
ACCENT: Final = "#03a9f4"

_FONT: Final = "Roboto, Helvetica, Arial, sans-serif"


def picture(width: int, height: int, title: str, shapes: Iterable[str]) -> str:
    """Put shapes on a white paper with round corners."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" font-family="{_FONT}">'
    )
    paper = box(0, 0, width, height, fill=PAPER, radius=8)
    return "\n".join((head, f"<title>{escape(title)}</title>", paper, *shapes, "</svg>\n"))


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: str = "none",
    stroke: str = "none",
    radius: float = 4,
) -> str:
    """Draw a rectangle with round corners."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
        f' fill="{fill}" stroke="{stroke}"/>'
    )


def circle(x: float, y: float, radius: float, *, fill: str = "none", stroke: str = INK) -> str:
    """Draw a circle."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{stroke}"/>'


def line(*points: tuple[float, float], stroke: str = INK, width: float = 1) -> str:
    """Draw a line through points."""
    through = " ".join(f"{x:g},{y:g}" for x, y in points)
    return (
        f'<polyline points="{through}" fill="none" stroke="{stroke}" stroke-width="{width:g}"'
        ' stroke-linejoin="round" stroke-linecap="round"/>'
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 14,
    fill: str = INK,
    anchor: str = "start",
    bold: bool = False,
) -> str:
    """Write a line of text; `y` is where it stands."""
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}" text-anchor="{anchor}"'
        f"{weight}>{escape(words)}</text>"
    )
