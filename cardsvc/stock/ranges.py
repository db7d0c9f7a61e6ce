"""Ranges of printed numbers: ``HQ-000001`` to ``HQ-000500``."""

from __future__ import annotations

import re
from typing import Final

from cardsvc.stock.errors import RangeMalformed

_NUMBER: Final = re.compile(r"(.*?)([0-9]+)")


def expand(first: str, last: str, most: int) -> list[str]:
    """Every number from the first to the last, both included; at most ``most``. Raises RangeMalformed."""
    begin, end = _NUMBER.fullmatch(first), _NUMBER.fullmatch(last)
    if begin is None or end is None or begin[1] != end[1] or len(begin[2]) != len(end[2]):
        raise RangeMalformed(most)
    low, high, width = int(begin[2]), int(end[2]), len(begin[2])
    if not low <= high < low + most:
        raise RangeMalformed(most)
    return [f"{begin[1]}{number:0{width}d}" for number in range(low, high + 1)]
