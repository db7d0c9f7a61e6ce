"""Serves cards while the service cannot be reached: lets them in, and journals what they ask for.

A tap is in the journal, on the disk, before anybody is told that it was recorded. Whatever is wrong (the clock, the
journal, data that is too old) closes the desk: nobody is served by what cannot be relied on.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog

from cardsvc.client.clock import Clock
from cardsvc.wire.manifest import Outcome
from cardsvc.wire.offline import OfflineStatement
from cardsvc.wire.offline_taps import OfflineTap
from kiosk.journal import Entry, HeadRefused, Journal, JournalInterrupted, JournalInUse, JournalRefused
from kiosk.offers import Offer
from kiosk.offline.judging import NOT_ACTIVE, SIGNATURE_INVALID, CardRefusedOffline, Entropy, ProvedCard, prove
from kiosk.offline.readiness import Readiness, ServiceKey, measure
from kiosk.offline.receipts import receipt_for
from kiosk.offline.supplies import Store, Supplies
from kiosk.offline.watch import ClockWatch
from kiosk.proving import OtherCard
from kiosk.visit import reason
from kiosk.visit.screens import Submission
from readers.connection import CardReader
from readers.piv.identifiers import KeyReference
from readers.piv.session import PivSession

_log = structlog.get_logger()


class Closed(Exception):
    """Raised when nothing, or not this, may be taken without a network. ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OfflineDesk:
    """May be used from several threads; cards come one at a time."""

    def __init__(
        self,
        folder: Path,
        kiosk: str,
        store: Store,
        watch: ClockWatch,
        offers: Callable[[], tuple[Offer, ...]],
        *,
        turned_away: Callable[[UUID], bool],
        clock: Clock,
        entropy: Entropy = secrets.token_bytes,
    ) -> None:
        """``offers`` gives what the kiosk shows now; ``turned_away`` knows cards that the service named since."""
        self._turned_away = turned_away
        self._store = store
        self._watch = watch
        self._kiosk = kiosk
        self._clock = clock
        self._offers = offers
        self._entropy = entropy
        self.journal = _open(folder, kiosk)
        self._closed = None if self.journal else reason.OFFLINE_JOURNAL_CLOSED
        self._said: frozenset[ServiceKey] = frozenset()

    def close(self) -> None:
        """Let go of the journal."""
        if self.journal:
            self.journal.close()

    def shut(self) -> None:
        """The service does not take the journal: until somebody has looked at it nothing more is written to it."""
        self._closed = reason.OFFLINE_JOURNAL_CLOSED

    @property
    def readiness(self) -> Readiness:
        """How it stands now."""
        supplies = self._store.current
        if supplies is None:
            return Readiness({}, closed=self._closed)
        closed = self._closed or (reason.OFFLINE_CLOCK_WRONG if self._watch.is_wrong(supplies) else None)
        return measure(supplies, self._now(), [offer.key for offer in self._offers() if _is_plain(offer)], closed)

    @property
    def waiting(self) -> int:
        """Entries that were not passed on yet."""
        return len(self.journal.unsynchronised()) if self.journal else 0

    def look(self) -> Readiness:
        """How it stands; who runs the kiosk is told, once, before a service closes."""
        ready = self.readiness
        if self._store.current is not None:
            self._watch.note(self._store.current)
        if ready.soon - self._said:
            names = sorted("/".join(key) for key in ready.soon)
            _log.warning("soon not served without a network", services=names, left=min(ready.seconds_left.values()))
        self._said = ready.soon
        return ready

    def admit(self, reader: CardReader) -> tuple[UUID, frozenset[ServiceKey]]:
        """Whose card it is, and what it may be used for now. Raises Closed, CardRefusedOffline, ReaderError."""
        supplies, allowed = self._supplies()
        with reader.connect() as connection, connection.transaction():
            proved = self._prove(PivSession.open(connection), supplies)
        return proved.card_uuid, allowed

    def record(self, reader: CardReader, card_uuid: UUID, submission: Submission) -> Outcome:
        """Have the same card state what it wants, and journal it. Raises as `admit` does, and OtherCard."""
        supplies, allowed = self._supplies()
        if submission.offer.key not in allowed or self.journal is None:
            raise Closed(reason.OFFLINE_TOO_OLD)
        sequence, previous_hash = self.journal.next_place
        department, service = submission.offer.key
        stated = OfflineStatement(self._kiosk, sequence, previous_hash, self._now(), card_uuid, department, service)
        with reader.connect() as connection, connection.transaction():
            session = PivSession.open(connection)
            proved = self._prove(session, supplies)
            if proved.card_uuid != card_uuid:
                raise OtherCard
            signature = session.sign_digest(KeyReference.CARD_AUTHENTICATION, stated.digest)
        entry = self._write(proved, stated, signature, supplies, submission)
        return receipt_for(entry, submission.offer, self._time())

    def _prove(self, session: PivSession, supplies: Supplies) -> ProvedCard:
        proved = prove(session, supplies, self._time(), self._entropy)
        if self._turned_away(proved.card_uuid):
            raise CardRefusedOffline(NOT_ACTIVE)
        return proved

    def _write(
        self, card: ProvedCard, stated: OfflineStatement, signature: bytes, supplies: Supplies, submission: Submission
    ) -> Entry:
        if not card.signed(stated.digest, signature):
            raise CardRefusedOffline(SIGNATURE_INVALID)
        tap = OfflineTap(
            at=stated.at,
            card_uuid=stated.card_uuid,
            department=stated.department,
            service=stated.service,
            known_as_of=supplies.as_of,
            signature=signature,
        )
        if self.journal is None:
            raise Closed(reason.OFFLINE_JOURNAL_CLOSED)
        try:
            return self.journal.append(tap.model_dump_json().encode(), json.dumps(submission.values).encode())
        except (OSError, JournalInterrupted) as error:
            self._closed = reason.OFFLINE_JOURNAL_CLOSED
            _log.error("not journaled", why=type(error).__name__)
            raise Closed(reason.OFFLINE_NOT_RECORDED) from error

    def _supplies(self) -> tuple[Supplies, frozenset[ServiceKey]]:
        supplies, ready = self._store.current, self.readiness
        if ready.closed is not None:
            raise Closed(ready.closed)
        if supplies is None or not ready.seconds_left:
            raise Closed(reason.SERVICE_UNREACHABLE)
        if not ready.allowed:
            raise Closed(reason.OFFLINE_TOO_OLD)
        return supplies, ready.allowed

    def _time(self) -> datetime:
        return self._clock()

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _open(folder: Path, kiosk: str) -> Journal | None:
    """The journal; none when it is not as it was left: then the kiosk works, but not without its network."""
    try:
        return Journal(folder, kiosk)
    except (JournalRefused, HeadRefused, JournalInUse) as error:
        _log.error("the journal is not as it was left", why=str(error))
        return None


def _is_plain(offer: Offer) -> bool:
    """Whether the card itself is all that the service wants to know."""
    return not offer.service.attributes and not offer.service.questions
