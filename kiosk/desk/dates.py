"""Dates as clerks type them, and which of them can be."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_FORM: Final = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|(\d{2})(\d{2}))")
OLDEST_YEARS: Final = 125
"""Nobody has become older than 122."""


def read_date(typed: str) -> date | None:
    """Year, month, day: ``1987-04-12``, ``1987/4/12``, ``1987.4.12``, ``19870412``. None for anything else."""
    found = _FORM.fullmatch(typed.strip())
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups() if part is not None))
    except ValueError:  # no such day
        return None


def can_be_born(day: date, today: date) -> bool:
    """Whether somebody who stands here can be born that day."""
    return day <= today and today.year - day.year <= OLDEST_YEARS
