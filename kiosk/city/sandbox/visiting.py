"""A test card at a reader, and its visit at the sandbox's kiosk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cardsvc.client import ServiceClient, statement
from cardsvc.wire.authentication import CardProof, Challenge
from cardsvc.wire.levels import Level
from kiosk.city.founding import KIOSK, Plan
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.sandbox.room import Holder
from kiosk.city.stage import CardFiles, LoopbackStage, Place
from kiosk.proving import proof_of, prove_by_pin
from readers.piv.pin import Pin
from readers.piv.session import PivSession
from readers.piv.tap import tap


@contextmanager
def visiting(plan: Plan, holder: Holder, level: Level) -> Iterator[tuple[ServiceClient, str]]:
    """The kiosk, and the token of the visit that somebody's card began there. Raises ServiceProblem."""
    with plan.caller(KIOSK) as kiosk:
        (challenge,) = kiosk.challenges(level)
        visit = kiosk.authenticate(answer(challenge, holder.card(plan))).visit_token
        try:
            yield kiosk, visit
        finally:
            kiosk.end_visit(visit)


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
