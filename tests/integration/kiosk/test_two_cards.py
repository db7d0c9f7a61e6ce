"""Two people at one kiosk, one after the other: proof of life with an attendant, a mandate that both sign."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cardsvc.cards.models import Card
from cardsvc.db import reading
from cardsvc.departments.pseudonym import pseudonym
from kiosk.departments.community import department as community
from kiosk.departments.community.models import Mandate
from kiosk.departments.contract.signed import KeptSignature
from kiosk.departments.contract.storage import in_transaction
from kiosk.departments.social_insurance import department as social_insurance
from kiosk.departments.social_insurance.attendants import appoint
from kiosk.departments.social_insurance.models import ProofOfLife
from kiosk.screen.turn_views import PHOTOGRAPH_PATH
from readers.piv.identifiers import ObjectId
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.faces import PHOTOGRAPH, facial_object, facial_record, looks_like, object_on, put_object
from tests.fixtures.issuance import MEI
from tests.fixtures.issued import issue
from tests.fixtures.openssl import verify_cms
from tests.fixtures.pictures import picture
from tests.fixtures.proofs import City
from tests.fixtures.services import StandingClock
from tests.integration.kiosk.conftest import Town, Visitor, open_town

CARER = "HQ0002"
"""The document of whoever gets the card HQ-0002."""


def policy(code: str) -> Any:
    return json.loads(files("kiosk.city").joinpath("policies", f"{code}.json").read_text(encoding="utf-8"))


@pytest.fixture
def pensions(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock) -> Iterator[Town]:
    """Social insurance; the card in hand is a pensioner's (who is in the seed), as it was issued."""
    kind = (social_insurance, policy("social-insurance"))
    with open_town(sqlite_city, service_card, tmp_path, clock, kind) as town:
        yield town


@pytest.fixture
def centre(sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path, clock: StandingClock) -> Iterator[Town]:
    with open_town(sqlite_city, service_card, tmp_path, clock, (community, policy("community"))) as town:
        yield town


@pytest.fixture
def rosa(sqlite_city: City, tmp_path: Path) -> PersonalisedCard:
    """Another person's card, in force, which may sign."""
    return issue(sqlite_city.services, tmp_path / "rosa", "HQ-0002")


def appoint_rosa(town: Town, card: PersonalisedCard) -> None:
    services = town.city.services
    with reading(services.sessions) as session:
        citizen = session.scalars(select(Card.citizen_id).where(Card.uuid == card.uuid)).one()
    assert citizen is not None
    name = pseudonym(services.keystore, social_insurance.code, citizen)
    in_transaction(town.office.sessions, lambda session: appoint(session, name, "Rosa Lam"))


def come_in(visitor: Visitor, town: Town, card: PersonalisedCard) -> dict[str, Any]:
    town.insert(card.state_file)
    visitor.look("pin-entry")
    visitor.press("/pin", pin=card.pin)
    return visitor.look("services", "consent", "refusal")


def ask_for_proof(visitor: Visitor, town: Town) -> dict[str, Any]:
    come_in(visitor, town, town.card)
    visitor.press("/choose", department="social-insurance", service="proof-of-life")
    visitor.press("/consent")
    return visitor.look("photograph-pin", "refusal", "done")


def hand_over(visitor: Visitor, town: Town) -> None:
    ask_for_proof(visitor, town)
    visitor.press("/pin", pin=town.card.pin)
    visitor.look("hand-over")
    town.take()
    visitor.look("await-second")


def proofs(town: Town) -> list[Any]:
    with town.office.sessions() as session:
        rows = session.execute(select(ProofOfLife.document_number, ProofOfLife.year))
        return [tuple(row) for row in rows]


def test_an_attendant_compares_the_photograph_and_confirms(pensions: Town, rosa: PersonalisedCard) -> None:
    appoint_rosa(pensions, rosa)
    visitor = pensions.visitor()
    hand_over(visitor, pensions)
    assert proofs(pensions) == []
    consent = come_in(visitor, pensions, rosa)
    assert (consent["service"]["code"], consent["photograph"]) == ("proof-of-life-attending", None)
    visitor.press("/consent")
    form = visitor.look("form", "refusal")
    shown = visitor.http.get(form["photograph"]).content
    assert looks_like(shown, picture())
    visitor.press("/form", values={"face": "same"})
    visitor.press("/check")
    done = visitor.look("done", "refusal")
    assert done["outcome"]["title"] == "It is proved for this year"
    assert proofs(pensions) == [(MEI.document_number, pensions.clock().year)]
    assert visitor.http.get(form["photograph"]).status_code == 404
    assert repr(shown[:20]) not in repr(pensions.station.booth.snapshot)
    assert visitor.press("/back")["screen"] == "services"


def test_somebody_who_is_no_attendant_sees_no_photograph_and_another_one_may_come(
    pensions: Town, rosa: PersonalisedCard
) -> None:
    visitor = pensions.visitor()
    hand_over(visitor, pensions)
    turn = pensions.station.booth.snapshot.state.turn
    assert turn is not None
    where = PHOTOGRAPH_PATH.format(mark=turn.mark)
    come_in(visitor, pensions, rosa)
    assert visitor.http.get(where).status_code == 404
    visitor.press("/consent")
    refusal = visitor.look("refusal", "form")
    assert refusal["photograph"] is None
    assert visitor.http.get(where).status_code == 404
    assert refusal["advice"].startswith("Only an attendant can confirm this.")
    assert visitor.press("/back")["screen"] == "await-second"
    pensions.take()
    visitor.look("await-second")
    appoint_rosa(pensions, rosa)
    come_in(visitor, pensions, rosa)
    visitor.press("/consent")
    assert visitor.look("form", "refusal")["screen"] == "form"
    visitor.press("/form", values={"face": "same"})
    visitor.press("/check")
    assert visitor.look("done", "refusal")["screen"] == "done"


def test_the_pensioners_own_card_goes_no_further(pensions: Town) -> None:
    visitor = pensions.visitor()
    hand_over(visitor, pensions)
    pensions.insert()
    assert wait_for(visitor, "first_again")["screen"] == "await-second"
    pensions.take()
    assert not visitor.look("await-second")["level"]
    assert proofs(pensions) == []


def wait_for(visitor: Visitor, member: str) -> dict[str, Any]:
    for _ in range(50):
        view = visitor.look("await-second")
        if view[member]:
            return view
        visitor.http.get("/state", params={"after": view["version"], "wait": 5})
    raise AssertionError(member)


NOT_SIGNED = facial_object(facial_record(PHOTOGRAPH))


def altered(content: bytes) -> bytes:
    """One byte of the picture is another."""
    return content[:1000] + bytes((content[1000] ^ 1,)) + content[1001:]


TAMPERED: dict[str, tuple[Callable[[bytes, bytes], bytes], str]] = {
    "none": (lambda _own, _others: b"", "no-photograph"),
    "altered": (lambda own, _others: altered(own), "photograph-not-genuine"),
    "not-signed": (lambda _own, _others: NOT_SIGNED, "photograph-not-genuine"),
    "of-another-card": (lambda _own, others: others, "photograph-of-another"),
}


@pytest.mark.parametrize(("tampering", "code"), TAMPERED.values(), ids=TAMPERED)
def test_a_card_whose_photograph_is_not_its_own_is_sent_to_the_counter(
    pensions: Town, rosa: PersonalisedCard, tampering: Callable[[bytes, bytes], bytes], code: str
) -> None:
    visitor, file = pensions.visitor(), pensions.card.state_file
    own, others = (object_on(one, ObjectId.FACIAL_IMAGE) for one in (file, rosa.state_file))
    put_object(file, ObjectId.FACIAL_IMAGE, tampering(own, others))
    ask_for_proof(visitor, pensions)
    visitor.press("/pin", pin=pensions.card.pin)
    assert visitor.look("refusal", "hand-over")["code"] == code
    assert pensions.station.booth.snapshot.state.turn is None
    assert proofs(pensions) == []


def test_all_that_vouches_for_a_photograph_moved_with_it_is_another_card(
    pensions: Town, rosa: PersonalisedCard
) -> None:
    """The security object and the photograph of one card on another."""
    visitor, file = pensions.visitor(), pensions.card.state_file
    for object_id in (ObjectId.FACIAL_IMAGE, ObjectId.SECURITY_OBJECT):
        put_object(file, object_id, object_on(rosa.state_file, object_id))
    ask_for_proof(visitor, pensions)
    visitor.press("/pin", pin=pensions.card.pin)
    assert visitor.look("refusal", "hand-over")["code"] == "photograph-of-another"


def test_nobody_who_comes_leaves_nothing(pensions: Town) -> None:
    visitor = pensions.visitor()
    hand_over(visitor, pensions)
    pensions.clock.advance(seconds=timedelta(minutes=5).total_seconds())
    assert visitor.look("refusal")["code"] == "nobody-came"
    assert pensions.station.booth.snapshot.state.turn is None
    assert proofs(pensions) == []


def sign(visitor: Visitor, card: PersonalisedCard) -> str:
    review = visitor.look("review", "refusal")
    assert review["screen"] == "review", review
    visitor.press("/sign", sha256=review["sha256"])
    visitor.press("/pin", pin=card.pin)
    return str(review["document"])


def test_principal_and_carer_sign_the_very_same_paper(centre: Town, rosa: PersonalisedCard) -> None:
    centre.vouch_for_keys()
    visitor = centre.visitor()
    come_in(visitor, centre, centre.card)
    visitor.press("/choose", department="community", service="carer-mandate")
    visitor.press("/consent")
    visitor.press("/form", values={"carer": CARER, "scope": "home-care", "days": "90"})
    given = sign(visitor, centre.card)
    visitor.look("hand-over", "refusal")
    centre.take()
    visitor.look("await-second")
    come_in(visitor, centre, rosa)
    visitor.press("/consent")
    assert sign(visitor, rosa) == given
    assert visitor.look("done", "refusal")["outcome"]["title"] == "The mandate is in force"
    with centre.office.sessions() as session:
        mandate = session.execute(select(Mandate.principal, Mandate.carer)).one()
        kept = list(session.scalars(select(KeptSignature)))
    assert tuple(mandate) == (MEI.document_number, CARER)
    for signature in kept:
        verify_cms(signature.cms, signature.document, centre.city.services.authority.root, centre.clock())
    assert len({bytes(signature.document) for signature in kept}) == 1
    assert len(kept) == 2
