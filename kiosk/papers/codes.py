"""What the QR code of an outcome holds: where the paper can be checked, else what finds the receipt again."""

from __future__ import annotations

from dataclasses import dataclass

import segno

from cardsvc.wire.manifest import Outcome


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code, to be drawn as squares of a grid."""

    text: str
    size: int
    """Squares on a side, without a margin."""
    path: str
    """The dark squares, as SVG draws them."""


def text_of(department: str, outcome: Outcome) -> str:
    """No personal data: whoever looks over a shoulder reads it, too."""
    if outcome.document and outcome.document.page:
        return outcome.document.page
    return f"{department} {outcome.receipt}"


def code_of(department: str, outcome: Outcome) -> Code:
    """The code of what a department answered."""
    text = text_of(department, outcome)
    made = segno.make(text, error="m", micro=False)
    runs = (
        f"M{column} {row}h1v1h-1z"
        for row, squares in enumerate(made.matrix)
        for column, dark in enumerate(squares)
        if dark
    )
    return Code(text, len(made.matrix), "".join(runs))
