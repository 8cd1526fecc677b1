"""Writes docs/images/route.svg, a diagram of the data flow through the library, for the first page.

    python tools/draw_route.py

The SVG uses system fonts, and colours that are legible on light and dark pages.
"""

from html import escape
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "docs" / "images" / "route.svg"
#: (name, two lines of description, label of the arrow to the next step).
STEPS = (
    ("strings", ("Ada lives", "in Rome"), ""),
    ("Preprocessor", ("splits, looks up", "ids, pads"), "ids, masks"),
    ("Backbone", ("computes vectors", "of tokens"), "vectors"),
    ("Head", ("scores of tags,", "classes, words"), "scores"),
    ("Decode", ("best path,", "beam search"), ""),
    ("strings", ("Ada: PER", "Rome: LOC"), ""),
)
STRINGS = {0, len(STEPS) - 1}
WIDTH, HEIGHT, GAP, MARGIN = 172, 112, 96, 8
BLUE, GREEN, GREY = "#3f6fd1", "#2e8b57", "#7a7f87"


def main() -> None:
    """Writes the file."""
    TARGET.write_text(picture(), encoding="utf-8")


def picture() -> str:
    """Returns the SVG."""
    width = 2 * MARGIN + len(STEPS) * WIDTH + (len(STEPS) - 1) * GAP
    height = HEIGHT + 122
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'font-family="system-ui, sans-serif" text-anchor="middle">',
        "<title>The data flow: strings, preprocessor, backbone, head, decoder, strings</title>",
        f'<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        f'<path d="M0 0 L8 4 L0 8 Z" fill="{GREY}"/></marker></defs>',
    ]
    for index, (name, lines, _) in enumerate(STEPS):
        parts += box(index, name, lines)
        if index:
            parts += arrow(index, STEPS[index - 1][2])
    parts += loss()
    parts += bracket(1, len(STEPS) - 2, "one SavedModel: strings in, strings out")
    return "\n".join([*parts, "</svg>", ""])


def left(index: int) -> int:
    """Returns the x coordinate of a box."""
    return MARGIN + index * (WIDTH + GAP)


def box(index: int, name: str, lines: tuple[str, str]) -> list[str]:
    """Returns the box of a step."""
    x, colour = left(index), GREEN if index in STRINGS else BLUE
    return [
        f'<rect x="{x}" y="{MARGIN}" width="{WIDTH}" height="{HEIGHT}" rx="9" fill="{colour}"/>',
        label(x + WIDTH // 2, MARGIN + 38, name, 21, "#ffffff", "600"),
        *(label(x + WIDTH // 2, MARGIN + 68 + 22 * row, text, 18, "#ffffff") for row, text in enumerate(lines)),
    ]


def arrow(index: int, text: str) -> list[str]:
    """Returns the arrow from the previous step."""
    y = MARGIN + HEIGHT // 2
    parts = [line(left(index) - GAP + 3, y, left(index) - 3, y, tip=True)]
    return [*parts, label(left(index) - GAP // 2, y - 10, text, 16, GREY)] if text else parts


def loss() -> list[str]:
    """Returns the arrow from the scores to the loss."""
    x, y = left(3) + WIDTH // 2, MARGIN + HEIGHT
    return [
        line(x, y, x, y + 22, tip=True),
        label(x, y + 42, "Loss, with the labels: fit", 18, GREY),
    ]


def bracket(first: int, last: int, text: str) -> list[str]:
    """Returns a bracket under some steps, with a label."""
    start, end, y = left(first), left(last) + WIDTH, MARGIN + HEIGHT + 58
    path = f'<path d="M{start} {y} v10 H{end} v-10" fill="none" stroke="{GREY}" stroke-width="1.5"/>'
    return [path, label((start + end) // 2, y + 34, text, 18, GREY)]


def line(x1: int, y1: int, x2: int, y2: int, tip: bool = False) -> str:
    """Returns a grey line."""
    end = ' marker-end="url(#tip)"' if tip else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{GREY}" stroke-width="1.5"{end}/>'


def label(x: int, y: int, text: str, size: int, colour: str, weight: str = "400") -> str:
    """Returns centred text."""
    return f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(text)}</text>'


if __name__ == "__main__":
    main()
