"""The figures in the book are those of the committed report."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Start of a row of the table in the book: the row of the report.
ROWS = {
    "training programs on training cores": "training programs, training cores",
    "23 unseen programs": "test programs, training cores",
    "training programs on 16 unseen cores": "training programs, calibrated cores (other parts)",
    "23 unseen programs on 16 unseen cores": "test programs, calibrated cores",
}


@pytest.fixture(scope="module")
def summary():
    return json.loads((ROOT / "onnx" / "report" / "report.json").read_text())["summary"]


def rounds_to(text, value):
    """Whether `value` (a share) is what the percentage `text` says, at its number of places."""
    places = len(text.partition(".")[2].rstrip("%"))
    return text == f"{100 * value:.{places}f}%"


def test_errors_in_the_book_are_the_reports(summary):
    found = {}
    for line in (ROOT / "book" / "src" / "accuracy.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) == 4 and all(re.fullmatch(r"[\d.]+%", c) for c in cells[1:]):
            label = max((r for r in ROWS if cells[0].startswith(r)), key=len)
            found[label] = cells[1:]
    assert set(found) == set(ROWS)
    for label, cells in found.items():
        s = summary[ROWS[label]]
        for text, key in zip(cells, ("mean", "median", "worst")):
            assert rounds_to(text, s[key]), f"{label}: {text} is not {s[key]} ({key})"


def test_card_is_of_the_committed_report(summary):
    card = (ROOT / "onnx" / "MODEL_CARD.md").read_text()
    for label, s in summary.items():
        if s:
            assert f"| {label} | {100 * s['mean']:.2f}% |" in card
