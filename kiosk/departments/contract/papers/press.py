"""Making a paper: drawn, sealed and registered in the transaction that gives it out."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.manifest import Document, Language, Texts, text_in
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Paper
from kiosk.departments.contract.papers.drawing import draw
from kiosk.departments.contract.papers.models import IssuedPaper
from kiosk.departments.contract.papers.seal import Seal

MEDIA_TYPE: Final = "application/pdf"
PATH: Final = "/papers/{number}"
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS: Final = 5


def random_number() -> str:
    """For example ``7K3F-9Q2M-ABCD-EFGH-2345``: about 98 bits, beyond guessing."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS))


@dataclass(frozen=True)
class Press:
    """Makes the papers of one department."""

    seal: Seal
    issuer: Texts
    """The department's titles."""
    public_url: str
    """Where the pages of papers are, for whoever scans the code."""
    number: Callable[[], str] = field(default=random_number, repr=False)

    def issue(self, session: Session, paper: Paper, now: datetime) -> Document:
        """The paper, ready to be printed or taken along. Raises FontMissing."""
        number, today = self.number(), city_date(now)
        valid_until = today + paper.valid_for
        address = self.public_url.rstrip("/") + PATH.format(number=number)
        page = draw(
            paper,
            issuer=self.issuer,
            number=number,
            issued_on=today.isoformat(),
            valid_until=valid_until.isoformat(),
            address=address,
        )
        sealed = self.seal.put_on(page, reason=text_in(paper.title, Language.ENGLISH))
        session.add(
            IssuedPaper(
                number=number,
                titles=dict(paper.title),
                sha256=hashlib.sha256(sealed).digest(),
                issued_at=now,
                valid_until=valid_until,
            )
        )
        return Document(
            title=paper.title, media_type=MEDIA_TYPE, content=base64.b64encode(sealed).decode(), page=address
        )
