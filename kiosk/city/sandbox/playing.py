"""What a developer does in a sandbox: hold a test card to a kiosk, change its life, let their department in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.departments import Policy
from cardsvc.wire.jose import public_key
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationKind, Card, ReplacementCause, RevocationReason
from cardsvc.wire.locks import CardLock
from cardsvc.wire.policies import PolicyTerms
from cardsvc.wire.registry import RegistryEventKind, RegistryEventRequest
from kiosk.city.founding import FOUNDING_OFFICERS
from kiosk.city.sandbox.opening import issue_card
from kiosk.city.sandbox.room import Holder, Room
from kiosk.city.sandbox.visiting import visiting

_REASON: Final = "a test"


def take_to_kiosk(
    room: Room,
    holder: Holder,
    level: Level,
    *,
    department: str,
    service: str,
    attributes: Sequence[str],
    questions: Sequence[str],
) -> str:
    """The assertion that the department gets when somebody uses its service with their card.

    Raises ServiceProblem when the service refuses.
    """
    with visiting(room.plan, holder, level) as (kiosk, visit):
        return kiosk.exchange(visit, department, service, attributes, questions)


def lock(room: Room, holder: Holder, department: str) -> list[CardLock]:
    """The person locks the department out, at a kiosk; what the card is locked for then."""
    with visiting(room.plan, holder, Level.PIN) as (kiosk, visit):
        return kiosk.lock_card(visit, department=department)


def unlock(room: Room, holder: Holder, department: str) -> list[CardLock]:
    """The person lets the department in again; what the card is locked for then."""
    with visiting(room.plan, holder, Level.PIN) as (kiosk, visit):
        return kiosk.unlock_card(visit, department=department)


def state_of(room: Room, holder: Holder) -> Card:
    """The card as officers see it."""
    with _officer(room, 0) as officer:
        return officer.card(holder.uuid)


def hold(room: Room, holder: Holder) -> Card:
    """Stop the card for now."""
    with _officer(room, 0) as officer:
        return officer.hold(holder.uuid, _REASON)


def reinstate(room: Room, holder: Holder) -> Card:
    """Put a held card into force again; one officer asks, the other agrees."""
    with _officer(room, 0) as ana, _officer(room, 1) as bo:
        bo.approve_request(ana.request_approval(ApprovalKind.REINSTATEMENT, holder.uuid, _REASON).id)
        return ana.reinstate(holder.uuid)


def revoke(room: Room, holder: Holder) -> Card:
    """Withdraw the card for good, as stolen."""
    with _officer(room, 0) as officer:
        return officer.revoke(holder.uuid, RevocationReason.STOLEN)


def decease(room: Room, holder: Holder) -> Card:
    """The registry tells that the person died; one officer notes it, the other agrees."""
    citizen_id, today = UUID(holder.citizen_id), datetime.now(UTC).date()
    told = RegistryEventRequest(kind=RegistryEventKind.DEATH, reference=f"TEST-{holder.code}", occurred_on=today)
    with _officer(room, 0) as ana, _officer(room, 1) as bo:
        event = ana.report_registry_event(citizen_id, told)
        bo.approve_request(ana.request_approval(ApprovalKind.DEATH, citizen_id, _REASON).id)
        ana.confirm_registry_event(event.id)
        return ana.card(holder.uuid)


def replace_card(room: Room, holder: Holder) -> Card:
    """Give somebody with a card in force another one, as if theirs were damaged: the old one is revoked."""
    number, _, issue = holder.stock_number.rpartition("-")
    stock_number = f"{number}-{int(issue) + 1}"
    with _officer(room, 0) as ana:
        application = ana.apply(UUID(holder.citizen_id), ApplicationKind.REPLACEMENT, ReplacementCause.DAMAGED)
        ana.submit(application.id)
        card_uuid = issue_card(room.plan, application.id, stock_number)
        fresh = replace(holder, card_uuid=str(card_uuid), stock_number=stock_number)
        Room(room.plan, {**room.holders, holder.code: fresh}).write()
        return ana.card(card_uuid)


def register(room: Room, code: str, title: str, key: Mapping[str, Any], policy: Mapping[str, Any]) -> Policy:
    """Let a department in, or give it another key; the two officers publish what it may learn.

    Raises ServiceProblem, and ValueError for what is no key or no policy.
    """
    terms = PolicyTerms.model_validate(policy)
    with _officer(room, 0) as ana, _officer(room, 1) as bo:
        _let_in(ana, code, title, dict(key))
        draft = ana.draft_policy(code, terms, _REASON)
        if draft.approval is not None:
            bo.approve_request(draft.approval.id)
        return ana.publish_policy(draft.id)


def _let_in(officer: ServiceClient, code: str, title: str, key: dict[str, Any]) -> None:
    thumbprints = {caller.client_id: caller.thumbprint for caller in officer.callers()}
    if code not in thumbprints:
        officer.add_department(code, title, key)
    elif thumbprints[code] != public_key(key).thumbprint():
        officer.replace_key(code, key)


def _officer(room: Room, which: int) -> ServiceClient:
    return room.plan.caller(FOUNDING_OFFICERS[which])
