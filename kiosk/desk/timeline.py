"""The history of a person, or of one of their cards: everything that happened, in one list, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from cardsvc.wire.lifecycle import Card
from cardsvc.wire.lives import Correction, Loss, PastApplication, PersonLife
from cardsvc.wire.registry import RegistryEvent
from kiosk.desk.cases import Case


class Topic(StrEnum):
    """What a moment is about; each has a sentence in the words."""

    APPLICATION = "application"
    CARD = "card"
    LOSS = "loss"
    LOSS_CLOSED = "loss_closed"
    EVENT = "event"
    EVENT_SETTLED = "event_settled"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    topic: Topic
    actor: str
    about: Mapping[str, str]
    """What is filled into the sentence. Values that are states or kinds are said in words."""
    reason: str = ""
    """A code, or a colleague's own words."""


def history_of_person(life: PersonLife) -> list[Moment]:
    """All applications, cards, losses, events and corrections."""
    moments = [
        *(moment for application in life.applications for moment in _of_application(application)),
        *(moment for card in life.cards for moment in _of_card(card)),
        *(moment for loss in life.losses for moment in _of_loss(loss, _numbers(life))),
        *(moment for event in life.registry_events for moment in _of_event(event)),
        *(_of_correction(correction) for correction in life.corrections),
    ]
    return _in_order(moments)


def history_of_card(case: Case) -> list[Moment]:
    """The card itself, the application that it answers, and what was reported about it."""
    if case.card is None:
        return []
    answered = case.application
    moments = [
        *(() if answered is None else _of_application(answered)),
        *_of_card(case.card),
        *(moment for loss in case.losses for moment in _of_loss(loss, {case.card.uuid: case.card.stock_number})),
    ]
    return _in_order(moments)


def saying(moment: Moment, words: Mapping[str, Any], states: Mapping[str, str]) -> str:
    """A moment as a sentence."""
    known = {**states, **words["kinds"]}
    return str(words[moment.topic].format(**{key: known.get(value, value) for key, value in moment.about.items()}))


def reason_of(moment: Moment, words: Mapping[str, Any]) -> str:
    """Why it was done, in words where it is a code."""
    return str(words["reasons"].get(moment.reason, moment.reason))


def _in_order(moments: Iterable[Moment]) -> list[Moment]:
    """What happened in one transaction has one time: then an application comes before its card."""
    return sorted(moments, key=lambda moment: (moment.at, _PLACES[moment.topic]))


_PLACES: Final = {topic: place for place, topic in enumerate(Topic)}


def _numbers(life: PersonLife) -> dict[UUID, str]:
    return {card.uuid: card.stock_number for card in life.cards}


def _of_application(application: PastApplication) -> list[Moment]:
    about = {"kind": application.kind.value}
    return [
        Moment(step.at, Topic.APPLICATION, step.actor, {**about, "state": step.state}, step.reason or "")
        for step in application.history
    ]


def _of_card(card: Card) -> list[Moment]:
    about = {"card": card.stock_number}
    return [
        Moment(step.at, Topic.CARD, step.actor, {**about, "state": step.state}, step.reason or "")
        for step in card.history
    ]


def _of_loss(loss: Loss, numbers: Mapping[UUID, str]) -> list[Moment]:
    about = {"card": numbers.get(loss.card_uuid, ""), "kind": loss.kind.value, "number": loss.number}
    told = Moment(loss.reported_at, Topic.LOSS, loss.reported_by, {**about, "channel": loss.channel.value})
    if loss.outcome is None or loss.closed_at is None:
        return [told]
    return [told, Moment(loss.closed_at, Topic.LOSS_CLOSED, "", {**about, "outcome": loss.outcome.value})]


def _of_event(event: RegistryEvent) -> list[Moment]:
    about = {"kind": event.kind.value, "reference": event.reference, "day": event.occurred_on.isoformat()}
    told = Moment(event.reported_at, Topic.EVENT, event.reported_by, about)
    if event.decided_at is None:
        return [told]
    settled = {**about, "state": event.state.value}
    return [told, Moment(event.decided_at, Topic.EVENT_SETTLED, event.decided_by or "", settled)]


def _of_correction(correction: Correction) -> Moment:
    return Moment(correction.at, Topic.CORRECTION, correction.corrected_by, {"cause": correction.cause.value})
