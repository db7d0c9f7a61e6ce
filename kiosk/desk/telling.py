"""What is told of the card in a reader: what it is, what is true of it, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiosk.desk.issuing import Situation, Standing
from kiosk.desk.making import Making


def told_of(standing: Standing, making: Making, words: Mapping[str, Any], *, pin_known: bool) -> str:
    """In lines. ``making`` is what the reader is used for, ``words`` those of issuing."""
    seen = standing.seen
    product = " ".join(filter(None, (seen.product, seen.firmware)))
    lines = [words["card"].format(product, seen.serial or words["no_serial"])] if product else []
    lines.append(_situation(standing, making, words))
    if standing.in_stock is not None:
        lines.append(words["in_stock"].format(standing.in_stock))
    if standing.situation in {Situation.SEALED, Situation.DELIVERED}:
        lines.append(words["pin_here" if pin_known else "pin_unknown"])
    return "\n".join(lines)


def _situation(standing: Standing, making: Making, words: Mapping[str, Any]) -> str:
    """Nobody is asked for what they have done already."""
    if standing.situation is Situation.BLANK and making.can_be_written:
        if making.card is not None:
            return str(words["blank_reserved"].format(number=making.card.stock_number))
        return str(words["blank_chosen"])
    number = standing.card.stock_number if standing.card else ""
    return str(words["situations"][standing.situation].format(number=number))
