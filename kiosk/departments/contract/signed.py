"""Documents that citizens are to sign, and those that they have signed.

What a department prepares it keeps for an hour, with what it was told then: the assertion that comes with a signature
tells nothing. So the signed document is that very one, for that citizen, service and input, or it is refused; and it
is acted upon only if the same would be prepared now: what costs more since then was not agreed to. It is acted upon
once: the draft goes when its signature comes, and the document stays with the signature as evidence.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import JSON, LargeBinary, String, Text, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from cardsvc.wire.authentication import AssertionClaims
from cardsvc.wire.manifest import Language, SignedDocument
from kiosk.departments.contract.declaration import Visit
from kiosk.departments.contract.drafting import MEDIA_TYPE
from kiosk.departments.contract.keeping import ContractBase

WAITS_FOR: Final = timedelta(hours=1)
"""A draft waits so long: beyond the ten minutes in which it is signed and the five of each assertion."""


class KeptDraft(ContractBase):
    """A document that somebody is to sign."""

    __tablename__ = "kept_drafts"

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    """It stands in the document."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """Of the document."""
    service: Mapped[str] = mapped_column(String(64))
    pseudonym: Mapped[str] = mapped_column(String(128))
    input: Mapped[dict[str, Any]] = mapped_column(JSON)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the citizen told then."""
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(10))
    written_at: Mapped[datetime]
    keep_until: Mapped[datetime] = mapped_column(index=True)


class KeptSignature(ContractBase):
    """A document that somebody signed, with all that it takes to prove it. It stays."""

    __tablename__ = "kept_signatures"

    receipt: Mapped[str] = mapped_column(String(40), primary_key=True)
    service: Mapped[str] = mapped_column(String(64))
    pseudonym: Mapped[str] = mapped_column(String(128), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    document: Mapped[bytes] = mapped_column(LargeBinary)
    cms: Mapped[bytes] = mapped_column(LargeBinary)
    """DER. Certificates and revocation status of the time of signing are inside."""
    assertion: Mapped[str] = mapped_column(Text)
    """Who signed it, says the card service: it names the document and the CMS by their hashes."""
    received_at: Mapped[datetime]


def keep_draft(session: Session, visit: Visit, service: str, language: Language, document: bytes) -> None:
    """Remember a document until it is signed; in the place of the same one, which a second turn is given each time."""
    sha256 = hashlib.sha256(document).digest()
    session.execute(delete(KeptDraft).where(KeptDraft.sha256 == sha256, KeptDraft.pseudonym == visit.visitor.pseudonym))
    session.add(
        KeptDraft(
            receipt=visit.receipt,
            sha256=sha256,
            service=service,
            pseudonym=visit.visitor.pseudonym,
            input=dict(visit.input),
            attributes=dict(visit.visitor.attributes),
            answers=dict(visit.visitor.answers),
            language=language,
            written_at=visit.now,
            keep_until=visit.now + WAITS_FOR,
        )
    )


def draft_of(session: Session, claims: AssertionClaims, entered: dict[str, Any], document: bytes) -> KeptDraft | None:
    """The draft of a document that was signed, locked; if it is for this citizen, service and input."""
    wanted = KeptDraft.sha256 == hashlib.sha256(document).digest()
    draft = session.scalars(select(KeptDraft).where(wanted).with_for_update()).one_or_none()
    if draft is None or (draft.pseudonym, draft.service, draft.input) != (claims.sub, claims.service, entered):
        return None
    return draft


def keep_signature(session: Session, draft: KeptDraft, signed: SignedDocument, assertion: str, now: datetime) -> None:
    """Keep a document with its signature, in the draft's place."""
    session.add(
        KeptSignature(
            receipt=draft.receipt,
            service=draft.service,
            pseudonym=draft.pseudonym,
            media_type=MEDIA_TYPE,
            document=signed.document,
            cms=signed.cms,
            assertion=assertion,
            received_at=now,
        )
    )
    session.delete(draft)


def forget_drafts(session: Session, now: datetime) -> None:
    """Remove what nobody signed."""
    session.execute(delete(KeptDraft).where(KeptDraft.keep_until < now))
