"""Taking a kiosk's journal: each entry once, in its order, whatever comes how often.

The kiosk's row is locked and the kiosk in service, so batches of one come one after the other. An entry that was taken
before is answered as it was then; one that is not the next is refused with everything that came along, and that is on
record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, Draft, record, record_all
from cardsvc.authentication.errors import CardNotActive
from cardsvc.callers.entering import enter_again
from cardsvc.callers.models import CallerKind
from cardsvc.callers.principal import Principal
from cardsvc.fleet.models import Kiosk
from cardsvc.offline.errors import JournalFault, JournalRefused
from cardsvc.offline.facts import look_up
from cardsvc.offline.judging import Judgement, TapJudge, read_tap
from cardsvc.offline.models import OfflineTap
from cardsvc.offline.supplying import forget_packages, hold_kiosk
from cardsvc.offline.telling import Teller
from cardsvc.wire import offline_taps as wire
from cardsvc.wire.manifest import department_audience
from cardsvc.wire.offline import NO_ENTRY, entry_hash
from cardsvc.wire.scopes import Scope

EVENT: Final = "tap.offline"
JOURNAL: Final = "tap.journal"
TOLD_AGAIN: Final = timedelta(days=30)
"""So long an entry that comes again brings an assertion: departments remember for longer that they acted on one."""

_TAKES: Final = frozenset({Scope.AUTHENTICATE})
_NOTHING: Final = (0, NO_ENTRY)
"""The place before the first."""


@dataclass(frozen=True)
class Journals:
    """Takes entries and has departments told."""

    judge: TapJudge
    teller: Teller

    def take(
        self, session: Session, batch: wire.OfflineBatch, *, actor: Principal, now: datetime
    ) -> wire.JudgedBatch | JournalRefused:
        """What is thought of each entry, or why none is taken; recorded in either case, and so never raised.

        Raises AccessTokenRefused, KioskDisabled.
        """
        if actor.kind is not CallerKind.KIOSK:
            return _refuse(session, _no_kiosk(batch), actor, now)
        kiosk = hold_kiosk(session, actor)
        enter_again(session, actor, _TAKES, now)
        began = _beginning(session, batch, kiosk, actor)
        known = {} if began else _known(session, batch, actor)
        newest = _NOTHING if began else _newest(session, actor)
        fault = _fault(batch.entries, known, newest, actor.client_id)
        if fault is not None:
            return _refuse(session, fault, actor, now)
        if began is not None:
            _put_away(session, actor, began, now)
        rows = known | self._take(
            session, [entry for entry in batch.entries if entry.sequence not in known], actor, now
        )
        told = [row for row in rows.values() if _is_told(row, now)]
        assertions = self.teller.tell(session, told, actor, now)
        return wire.JudgedBatch(
            taps=[_describe(rows[entry.sequence], assertions.get(rows[entry.sequence].id)) for entry in batch.entries]
        )

    def _take(
        self, session: Session, entries: Sequence[wire.OfflineEntry], actor: Principal, now: datetime
    ) -> dict[int, OfflineTap]:
        """Those that were not taken before, by their places."""
        if not entries:
            return {}
        taps = [read_tap(entry) for entry in entries]
        facts = look_up(session, [tap for tap in taps if tap is not None], actor.caller_id)
        judged = [
            self.judge.judge(entry, tap, facts, actor.client_id, now) for entry, tap in zip(entries, taps, strict=True)
        ]
        drafts = [_draft(entry, one, actor, now) for entry, one in zip(entries, judged, strict=True)]
        record_all(session.connection(), drafts)
        rows = {
            entry.sequence: _row(draft.id, entry, one, actor, now)
            for entry, one, draft in zip(entries, judged, drafts, strict=True)
        }
        session.add_all(rows.values())
        session.flush()
        return rows


def _is_told(row: OfflineTap, now: datetime) -> bool:
    return row.verdict is not wire.TapVerdict.REFUSED and now < row.taken_at + TOLD_AGAIN


def _describe(row: OfflineTap, assertion: str | None) -> wire.JudgedTap:
    return wire.JudgedTap(
        sequence=row.sequence,
        hash=row.hash,
        tap_id=row.id,
        verdict=row.verdict,
        card=row.card,
        reason=row.reason,
        assertion=assertion,
    )


def _no_kiosk(batch: wire.OfflineBatch) -> JournalRefused:
    """A desk may prove cards, too; policies do not let it go on without a network."""
    return JournalRefused(JournalFault.NOT_A_KIOSK, batch.entries[0].sequence, 0)


def _beginning(session: Session, batch: wire.OfflineBatch, kiosk: Kiosk, actor: Principal) -> datetime | None:
    """A kiosk that lost its disk, and was enrolled anew with an officer's code since, has another journal: since then.

    Once: the next one that begins is refused until it is enrolled with yet another code. A former one never comes back.
    """
    first, enrolled = batch.entries[0], kiosk.enrolled_at
    if (first.sequence, first.previous_hash) != (1, NO_ENTRY):
        return None
    ours = OfflineTap.caller_id == actor.caller_id
    last = session.scalar(select(func.max(OfflineTap.taken_at)).where(ours))
    if last is None or enrolled is None or enrolled <= last:
        return None
    return (
        enrolled if session.scalar(select(OfflineTap.id).where(ours, OfflineTap.hash == first.hash)) is None else None
    )


def _put_away(session: Session, actor: Principal, began: datetime, now: datetime) -> None:
    """Former journals stay, in places below the first: departments ask about them, and no entry is taken twice.

    The packages of before are forgotten: the first card of a former journal has signed the same place as that of this.
    """
    ours = OfflineTap.caller_id == actor.caller_id
    lowest, highest = session.execute(
        select(func.min(OfflineTap.sequence), func.max(OfflineTap.sequence)).where(ours)
    ).one()
    down = highest - lowest + 1  # to where none of them was: the places are unique at each step
    moved = update(OfflineTap).where(ours).values(sequence=OfflineTap.sequence - down)
    session.execute(moved.execution_options(synchronize_session=False))
    forget_packages(session, actor.caller_id, began)
    record(session, event=JOURNAL, outcome=OK, actor=actor.client_id, now=now, begins="anew")


def _known(session: Session, batch: wire.OfflineBatch, actor: Principal) -> dict[int, OfflineTap]:
    sequences = [entry.sequence for entry in batch.entries]
    statement = select(OfflineTap).where(OfflineTap.caller_id == actor.caller_id, OfflineTap.sequence.in_(sequences))
    return {row.sequence: row for row in session.scalars(statement)}


def _newest(session: Session, actor: Principal) -> tuple[int, bytes]:
    statement = (
        select(OfflineTap.sequence, OfflineTap.hash)
        .where(OfflineTap.caller_id == actor.caller_id, OfflineTap.sequence >= 1)
        .order_by(OfflineTap.sequence.desc())
        .limit(1)
    )
    found = session.execute(statement).one_or_none()
    return _NOTHING if found is None else (found.sequence, found.hash)


def _fault(
    entries: Sequence[wire.OfflineEntry], known: dict[int, OfflineTap], newest: tuple[int, bytes], kiosk: str
) -> JournalRefused | None:
    """Why these are not the next entries of the journal. Those that were taken before must be the same."""
    (taken, last), before = newest, None
    for entry in entries:
        fault = _entry_fault(entry, known.get(entry.sequence), taken, kiosk)
        if fault is None and before is not None and _place_after(before) != (entry.sequence, entry.previous_hash):
            fault = JournalFault.GAP
        if fault is None and entry.sequence > taken and before is None:
            fault = _fault_of_next(entry, taken, last)
        if fault is not None:
            return JournalRefused(fault, entry.sequence, taken)
        before = entry
    return None


def _entry_fault(entry: wire.OfflineEntry, known: OfflineTap | None, taken: int, kiosk: str) -> JournalFault | None:
    if entry_hash(kiosk, entry.sequence, entry.previous_hash, entry.content) != entry.hash:
        return JournalFault.ALTERED
    if entry.sequence <= taken and (known is None or known.hash != entry.hash):
        return JournalFault.FORKED
    return None


def _fault_of_next(entry: wire.OfflineEntry, taken: int, last: bytes) -> JournalFault | None:
    if entry.sequence != taken + 1:
        return JournalFault.GAP
    return None if entry.previous_hash == last else JournalFault.FORKED


def _place_after(entry: wire.OfflineEntry) -> tuple[int, bytes]:
    return entry.sequence + 1, entry.hash


def _refuse(session: Session, fault: JournalRefused, actor: Principal, now: datetime) -> JournalRefused:
    record(session, event=JOURNAL, outcome=fault.code, actor=actor.client_id, now=now, **fault.data)
    return fault.recorded()


def _draft(entry: wire.OfflineEntry, judged: Judgement, actor: Principal, now: datetime) -> Draft:
    holder, tap = judged.holder, judged.tap
    detail: dict[str, Any] = {"sequence": entry.sequence}
    if tap is not None:
        detail |= {
            "audience": department_audience(tap.department),
            "service": tap.service,
            "tapped_at": tap.at,
            **({} if holder is not None else {"claimed_card": str(tap.card_uuid)}),
        }
    if judged.card is not None:
        detail |= {"card": judged.card.value, "policy_version": judged.policy_version}
    return Draft(
        event=EVENT,
        outcome=judged.reason or (OK if judged.verdict is wire.TapVerdict.ACCEPTED else CardNotActive.code),
        actor=actor.client_id,
        at=now,
        citizen_id=None if holder is None else holder.citizen_id,
        card_id=None if holder is None else holder.card_id,
        detail=detail,
    )


def _row(record_id: UUID, entry: wire.OfflineEntry, judged: Judgement, actor: Principal, now: datetime) -> OfflineTap:
    told = judged.verdict is not wire.TapVerdict.REFUSED
    tap, department, holder = judged.tap, judged.department, judged.holder
    return OfflineTap(
        id=record_id,
        caller_id=actor.caller_id,
        sequence=entry.sequence,
        hash=entry.hash,
        taken_at=now,
        verdict=judged.verdict,
        reason=judged.reason,
        tapped_at=None if tap is None else datetime.fromtimestamp(tap.at, UTC),
        card=judged.card,
        citizen_id=holder.citizen_id if told and holder else None,
        department_id=department.id if told and department else None,
        service=tap.service if told and tap else None,
        policy_version=judged.policy_version,
    )
