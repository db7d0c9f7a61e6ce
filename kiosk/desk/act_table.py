"""What an officer can do about a card that was issued, or about its person: a row of a table for each act.

A row says in which states the act is open, what it takes, who must agree, what will follow, and how it is done. The
card service decides again; a test drives every act in every state: this table says neither more nor less than it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.lifecycle import (
    ApplicationKind,
    ApplicationState,
    CardState,
    HoldReason,
    ReplacementCause,
    RevocationReason,
)
from cardsvc.wire.lives import PastApplication
from cardsvc.wire.losses import CallerVerification, Channel, LossKind, LossReportRequest
from cardsvc.wire.registry import RegistryEventRequest, RegistryEventState
from cardsvc.wire.scopes import Scope
from kiosk.desk.acts import Act, Given, Need
from kiosk.desk.cases import Case
from kiosk.desk.on_duty import OnDuty

_REVOCABLE: Final = frozenset({CardState.SEALED, CardState.DELIVERED, CardState.ACTIVE, CardState.HELD})
_LAPSED: Final = frozenset({CardState.EXPIRED, CardState.REVOKED, CardState.DESTROYED})
_CARRIED: Final = frozenset({CardState.DELIVERED, CardState.ACTIVE, CardState.HELD})
_WORKING: Final = frozenset({CardState.SEALED, CardState.DELIVERED, CardState.ACTIVE})
REVOCATION_REASONS: Final = (
    RevocationReason.WITHDRAWN,
    RevocationReason.KEY_COMPROMISE,
    RevocationReason.LOST,
    RevocationReason.STOLEN,
    RevocationReason.SUPERSEDED,
)
"""Those that an officer finds out; that somebody died or moved away, the registry tells."""


def preview(act: Act, case: Case, given: Given, words: Mapping[str, str]) -> list[str]:
    """What it will do, in words, from what is known of the card and the person."""
    return [words[key].format(**_values(case)) for key in act.effects(case, given)]


def _values(case: Case) -> dict[str, str]:
    card, forgotten, loss = case.card, case.forgotten, case.open_loss
    return {
        "card": "" if card is None else card.stock_number,
        "until": "" if loss is None else f"{loss.found_until:%Y-%m-%d %H:%M}",
        "expires": "" if card is None or card.expires_on is None else card.expires_on.isoformat(),
        "forgotten": "" if forgotten is None else forgotten.stock_number,
        "cards": ", ".join(one.stock_number for one in case.life.cards if one.state in _REVOCABLE) or "–",
    }


def _in(*states: CardState) -> Callable[[Case], bool]:
    return lambda case: case.state in states


def _tells(*keys: str) -> Callable[[Case, Given], Sequence[str]]:
    return lambda _case, _given: keys


# When it is open


def _reinstatable(case: Case) -> bool:
    card, loss = case.card, case.open_loss
    if card is None or card.state is not CardState.HELD or case.standing_event is not None or case.is_over(card):
        return False
    if card.hold_reason not in {HoldReason.LOST, HoldReason.SUSPICION}:
        return False
    others = any(one.state is CardState.ACTIVE for one in case.life.cards)
    return not others and (loss is None or case.now < loss.found_until)


def _returnable(case: Case) -> bool:
    if case.card is None or case.forgotten is None:
        return False
    waits = case.forgotten.hold_reason is HoldReason.TEMPORARY and not case.is_over(case.forgotten)
    return case.state in _REVOCABLE or (case.state in _LAPSED and waits)


def _can_ask_for(case: Case, kind: ApplicationKind, cause: ReplacementCause | None) -> bool:
    """Nothing else is under way; a draft of the same kind is gone on with."""
    newest = case.newest
    if case.standing_event is not None or case.card is None or newest is None or case.card.uuid != newest.uuid:
        return False
    earlier = case.open_application
    return earlier is None or _is_draft_of(earlier, kind, cause)


def _is_draft_of(application: PastApplication, kind: ApplicationKind, cause: ReplacementCause | None) -> bool:
    return application.state is ApplicationState.DRAFT and (application.kind, application.cause) == (kind, cause)


def _asks(kind: ApplicationKind, *states: CardState, cause: ReplacementCause | None = None) -> Callable[[Case], bool]:
    return lambda case: case.state in states and _can_ask_for(case, kind, cause)


def _lost_replaceable(case: Case) -> bool:
    card = case.card
    if card is None or not case.was_lost(card):
        return False
    stopped = card.state is CardState.REVOKED or (card.state is CardState.HELD and card.hold_reason is HoldReason.LOST)
    return stopped and _can_ask_for(case, ApplicationKind.REPLACEMENT, ReplacementCause.LOST)


def _has_person(case: Case) -> bool:
    return case.citizen_id is not None


# How it is done


def _apply(kind: ApplicationKind, cause: ReplacementCause | None = None) -> Callable[[ServiceClient, Case, Given], Any]:
    def run(officer: ServiceClient, case: Case, _given: Given) -> Any:
        """A draft that a broken connection or a refusal left behind is gone on with."""
        draft = case.open_application
        if draft is None or not _is_draft_of(draft, kind, cause):
            return officer.submit(officer.apply(case.known_citizen, kind, cause).id)
        return officer.submit(draft.id)

    return run


def _report(kind: LossKind) -> Callable[[ServiceClient, Case, Given], Any]:
    def run(officer: ServiceClient, case: Case, given: Given) -> Any:
        """Somebody who calls is known by what they answered."""
        by_telephone = given.channel is Channel.TELEPHONE
        answers = CallerVerification(asked=given.answered, right=given.answered) if by_telephone else None
        return officer.report_loss(
            LossReportRequest(
                citizen_id=case.known_citizen,
                card_uuid=case.known_card,
                kind=kind,
                channel=Channel.TELEPHONE if by_telephone else Channel.DESK,
                verification=answers,
            )
        )

    return run


def _report_event(officer: ServiceClient, case: Case, given: Given) -> Any:
    request = RegistryEventRequest(kind=given.event, reference=given.reference, occurred_on=given.occurred_on)
    return officer.report_registry_event(case.known_citizen, request)


def _event(case: Case) -> UUID:
    event = case.standing_event
    if event is None:
        raise ValueError("the registry told nothing")
    return event.id


def _lost_effects(case: Case, _given: Given) -> Sequence[str]:
    if case.state is CardState.DELIVERED:
        return ("revokes", "stops_for_good", "cannot_undo", "receipt")
    return ("holds", "stops_now", "undo_found", "receipt")


def _destroy_effects(case: Case, _given: Given) -> Sequence[str]:
    return ("writes_off" if case.state is CardState.QUARANTINED else "destroys", "cannot_undo")


def _revoke_effects(case: Case, _given: Given) -> Sequence[str]:
    ended = () if case.state in {CardState.ACTIVE, CardState.HELD} else ("application_ends",)
    return ("revokes", "stops_for_good", *ended, "cannot_undo")


def _return_effects(case: Case, _given: Given) -> Sequence[str]:
    forgotten = case.forgotten
    waits = forgotten is not None and forgotten.hold_reason is HoldReason.TEMPORARY and not case.is_over(forgotten)
    ends = ("revokes",) if case.state in _REVOCABLE else ()
    return (*ends, "forgotten_back" if waits else "forgotten_not_back", "cannot_undo")


def _write_off(case: Case) -> ApprovalKind | None:
    return ApprovalKind.STOCK_WRITE_OFF if case.state is CardState.QUARANTINED else None


_CARD_ASKED: Final = "asked_for"
ACTS: Final[Sequence[Act]] = (
    Act("hold", Scope.CARDS_HOLD, _in(CardState.ACTIVE),
        lambda officer, case, given: officer.hold(case.known_card, given.reason),
        _tells("holds", "stops_now", "undo_two"), frozenset({Need.REASON})),
    Act("reinstate", Scope.CARDS_REVOKE, _reinstatable,
        lambda officer, case, _: officer.reinstate(case.known_card),
        _tells("in_force", "works_again", "undo_hold"), approval=lambda _: ApprovalKind.REINSTATEMENT),
    Act("lost", Scope.CARDS_HOLD,
        lambda case: _has_person(case) and case.state in _CARRIED and case.open_loss is None,
        _report(LossKind.LOST), _lost_effects, frozenset({Need.CHANNEL})),
    Act("stolen", Scope.CARDS_HOLD, lambda case: _has_person(case) and case.state in _CARRIED,
        _report(LossKind.STOLEN), _tells("revokes", "stops_for_good", "cannot_undo", "receipt"),
        frozenset({Need.CHANNEL})),
    Act("replace_damaged", Scope.APPLICATIONS_WRITE,
        _asks(ApplicationKind.REPLACEMENT, CardState.ACTIVE, cause=ReplacementCause.DAMAGED),
        _apply(ApplicationKind.REPLACEMENT, ReplacementCause.DAMAGED),
        _tells(_CARD_ASKED, "holds", "stops_now", "undo_cancel", "revoked_at_activation")),
    Act("replace_lost", Scope.APPLICATIONS_WRITE, _lost_replaceable,
        _apply(ApplicationKind.REPLACEMENT, ReplacementCause.LOST),
        _tells(_CARD_ASKED, "stays_stopped", "revoked_at_activation")),
    Act("renew", Scope.APPLICATIONS_WRITE, _asks(ApplicationKind.RENEWAL, CardState.ACTIVE, CardState.EXPIRED),
        _apply(ApplicationKind.RENEWAL),
        _tells(_CARD_ASKED, "goes_on", "revoked_at_activation", "not_too_early")),
    Act("correct", Scope.APPLICATIONS_WRITE, _asks(ApplicationKind.CORRECTION, CardState.ACTIVE),
        _apply(ApplicationKind.CORRECTION), _tells(_CARD_ASKED, "goes_on", "revoked_at_activation")),
    Act("temporary", Scope.APPLICATIONS_WRITE, _asks(ApplicationKind.TEMPORARY, CardState.ACTIVE),
        _apply(ApplicationKind.TEMPORARY), _tells(_CARD_ASKED, "holds", "stops_now", "undo_return")),
    Act("return", Scope.CARDS_DELIVER, _returnable,
        lambda officer, case, _: officer.return_card(case.known_card), _return_effects),
    Act("unblock", Scope.CARDS_PERSONALISE, lambda case: case.state in _WORKING,
        lambda officer, case, _: officer.unblock(case.known_card),
        _tells("pin_replaced", "citizen_chooses", "pin_stays_secret"), frozenset({Need.CARD_IN_READER}),
        approval=lambda _: ApprovalKind.PUK_RELEASE),
    Act("revoke", Scope.CARDS_REVOKE, lambda case: case.state in _REVOCABLE,
        lambda officer, case, given: officer.revoke(case.known_card, given.revocation),
        _revoke_effects, frozenset({Need.REVOCATION})),
    Act("destroy", Scope.STOCK_WRITE, _in(CardState.QUARANTINED, CardState.REVOKED, CardState.EXPIRED),
        lambda officer, case, given: officer.destroy(case.known_card, given.reason),
        _destroy_effects, frozenset({Need.REASON}), approval=_write_off),
    Act("release", Scope.CARDS_PERSONALISE, _in(CardState.RESERVED),
        lambda officer, case, _: officer.release(case.known_card), _tells("back_to_stock", "application_waits")),
    Act("give_up", Scope.CARDS_PERSONALISE, _in(CardState.PERSONALISING),
        lambda officer, case, given: officer.give_up(case.known_card, given.reason),
        _tells("put_aside", "application_waits", "cannot_undo"), frozenset({Need.REASON})),
    Act("spoil", Scope.CARDS_PERSONALISE, _in(CardState.STOCK, CardState.RESERVED),
        lambda officer, case, given: officer.spoil(case.known_card, given.reason),
        _tells("put_aside", "stays_on_books", "cannot_undo"), frozenset({Need.REASON})),
    Act("registry", Scope.CARDS_HOLD, lambda case: _has_person(case) and case.standing_event is None,
        _report_event, _tells("all_held", "nothing_issued", "undo_reversal"),
        frozenset({Need.EVENT, Need.REFERENCE})),
    Act("confirm", Scope.CARDS_REVOKE,
        lambda case: case.standing_event is not None and case.standing_event.state is RegistryEventState.REPORTED,
        lambda officer, case, _: officer.confirm_registry_event(_event(case)),
        _tells("all_revoked", "application_cancelled", "cannot_undo"),
        approval=lambda _: ApprovalKind.DEATH, about_person=True),
    Act("reverse", Scope.APPLICATIONS_WRITE, lambda case: case.standing_event is not None,
        lambda officer, case, _: officer.reverse_registry_event(_event(case)),
        _tells("all_revoked", "new_draft", "cannot_undo"),
        approval=lambda _: ApprovalKind.DEATH_REVERSAL, about_person=True),
)  # fmt: skip
"""In the order in which they are offered."""


def offered(case: Case, on_duty: OnDuty) -> list[Act]:
    """What is open, and theirs to do."""
    return [act for act in ACTS if on_duty.may(act.permit) and act.is_open(case)]
