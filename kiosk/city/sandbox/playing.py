"""What a developer does in a sandbox: hold a test card to a kiosk, change its life, let their department in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

from cardsvc.client import ServiceClient, statement
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.authentication import CardProof, Challenge
from cardsvc.wire.departments import Policy
from cardsvc.wire.jose import public_key
from cardsvc.wire.levels import Level
from cardsvc.wire.lifecycle import ApplicationKind, Card, ReplacementCause, RevocationReason
from cardsvc.wire.policies import PolicyTerms
from kiosk.city.founding import FOUNDING_OFFICERS, KIOSK
from kiosk.city.issuing import CITIZENS_PIN, proof_of, prove_by_pin
from kiosk.city.sandbox.opening import issue_card
from kiosk.city.sandbox.room import Holder, Room
from kiosk.city.stage import CardFiles, LoopbackStage, Place
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.piv.tap import tap

_REASON: Final = "a test"


def take_to_kiosk(
    room: Room, holder: Holder, level: Level, *, department: str, service: str, attributes: Sequence[str]
) -> str:
    """The assertion that the department gets when somebody uses its service with their card.

    Raises ServiceProblem when the service refuses.
    """
    with room.plan.caller(KIOSK) as kiosk:
        (challenge,) = kiosk.challenges(level)
        visit = kiosk.authenticate(answer(challenge, room.card(holder)))
        try:
            return kiosk.exchange(visit.visit_token, department, service, attributes)
        finally:
            kiosk.end_visit(visit.visit_token)


def answer(challenge: Challenge, card: CardFiles) -> CardProof:
    """The card's proof: held to a reader for level ``tap``, put in with its PIN for the others."""
    place = Place.CONTACTLESS if challenge.level is Level.TAP else Place.CONTACT
    with TemporaryDirectory() as folder:
        stage = LoopbackStage(Path(folder))
        stage.put_on(card, place)
        with stage.reader(place).connect() as connection:
            if challenge.level is not Level.TAP:
                return prove_by_pin(PivSession.open(connection), challenge, Pin(CITIZENS_PIN))
            tapped = tap(connection, lambda card_uuid: statement(challenge, card_uuid).digest)
            return proof_of(challenge, tapped.card_uuid, tapped.signature)


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
