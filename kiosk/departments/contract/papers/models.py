"""The register of papers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from kiosk.departments.contract.keeping import ContractBase


class IssuedPaper(ContractBase):
    """A paper that was given out. What it states about somebody is in the file alone, not here."""

    __tablename__ = "issued_papers"

    number: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Random, and long: who does not hold the paper cannot guess it."""
    titles: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What kind of paper it is, as `Texts`."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of the file as it was given out."""
    issued_at: Mapped[datetime]
    valid_until: Mapped[date]
    """The last day, by the city's calendar."""
    withdrawn_at: Mapped[datetime | None]
