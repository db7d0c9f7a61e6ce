"""Residents sign at the kiosk, with every part real but the reader's antenna."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from cardsvc.db import transaction
from cardsvc.trust.models import Certificate, KeyOrigin
from cardsvc.wire.manifest import Language
from kiosk.departments.contract.signed import KeptDraft, KeptSignature
from kiosk.departments.finance.models import Booking, Fee
from tests.fixtures.cards import personalise
from tests.fixtures.openssl import verify_cms
from tests.integration.kiosk.conftest import Town, Visitor

WRONG = "99999999"
NOTICE = "802600000037"
TOO_DEAR = "802600000045"
PREPARE, PAY = "/services/pay-fee/prepare", "/services/pay-fee"


def rows(town: Town, table: Any) -> int:
    with town.office.sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def payments(town: Town) -> int:
    """Fees that were paid, which is money that left the purse."""
    with town.office.sessions() as session:
        paid = session.scalar(select(func.count()).select_from(Fee).where(Fee.paid_with.is_not(None))) or 0
        booked = session.scalar(select(func.count()).select_from(Booking).where(Booking.purpose == "water")) or 0
    assert paid == booked
    return paid


def to_the_form(town: Town) -> Visitor:
    visitor = town.visitor()
    town.insert()
    visitor.look("pin-entry")
    visitor.press("/pin", pin=town.card.pin)
    visitor.look("services")
    visitor.press("/choose", department="finance", service="pay-fee")
    assert visitor.press("/consent")["screen"] == "form"
    return visitor


def to_the_text(town: Town, notice: str = NOTICE) -> tuple[Visitor, dict[str, Any]]:
    visitor = to_the_form(town)
    visitor.press("/form", values={"notice": notice})
    return visitor, visitor.look("review", "refusal")


def sign(visitor: Visitor, pin: str) -> None:
    visitor.press("/sign", sha256=visitor.look("review")["sha256"])
    assert visitor.look("sign-pin")["tries_left"] is None
    visitor.press("/pin", pin=pin)


def test_a_resident_signs_what_the_screen_shows(treasury: Town) -> None:
    visitor, shown = to_the_text(treasury)
    assert "I pay this fee out of my city purse." in shown["document"]
    assert hashlib.sha256(shown["document"].encode()).hexdigest() == "".join(shown["fingerprint"]) == shown["sha256"]
    sign(visitor, treasury.card.pin)
    done = visitor.look("done", "refusal")
    assert done["screen"] == "done", done
    with treasury.office.sessions() as session:
        kept = session.scalars(select(KeptSignature)).one()
    assert (kept.receipt, kept.document.decode()) == (done["outcome"]["receipt"], shown["document"])
    verify_cms(kept.cms, kept.document, treasury.city.services.authority.root, treasury.clock())
    assert payments(treasury) == 1
    treasury.take()
    assert visitor.look("attract")["level"] is None


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (Language.CHINESE, "本人同意从本人的城市钱包支付此项费用。"),
        (Language.PORTUGUESE, "Pago esta taxa com a minha carteira"),
    ],
)
def test_another_language_is_another_document_in_the_same_visit(
    treasury: Town, language: Language, sentence: str
) -> None:
    visitor, english = to_the_text(treasury)
    visitor.press("/language", language=language.value)
    shown = visitor.look("review", "refusal")
    assert sentence in shown["document"]
    assert shown["sha256"] != english["sha256"]
    assert visitor.press("/sign", sha256=english["sha256"])["screen"] == "review", "nobody has read that one"
    sign(visitor, treasury.card.pin)
    visitor.look("done")
    with treasury.office.sessions() as session:
        assert session.scalars(select(KeptSignature)).one().document.decode() == shown["document"]


def test_back_leads_to_the_form_as_it_was_filled_in(treasury: Town) -> None:
    visitor, _ = to_the_text(treasury)
    form = visitor.press("/back")
    assert (form["screen"], form["fields"][0]["value"]) == ("form", NOTICE)


def test_what_cannot_be_paid_is_said_before_anybody_signs_and_can_be_put_right(treasury: Town) -> None:
    visitor, refused = to_the_text(treasury, TOO_DEAR)
    assert (refused["screen"], refused["code"]) == ("refusal", "department-refused")
    form = visitor.press("/back")
    assert (form["screen"], form["fields"][0]["value"]) == ("form", TOO_DEAR)
    visitor.press("/form", values={"notice": NOTICE})
    assert visitor.look("review")["screen"] == "review"


def test_a_wrong_pin_signs_nothing_and_the_right_one_does(treasury: Town) -> None:
    visitor, _ = to_the_text(treasury)
    sign(visitor, WRONG)
    again = visitor.look("sign-pin", "refusal")
    assert again["tries_left"]
    assert rows(treasury, KeptSignature) == 0
    visitor.press("/pin", pin=treasury.card.pin)
    visitor.look("done")
    assert payments(treasury) == 1


def test_the_pin_is_blocked_at_last_and_nothing_was_signed(treasury: Town) -> None:
    visitor, _ = to_the_text(treasury)
    sign(visitor, WRONG)
    while (shown := visitor.look("sign-pin", "refusal"))["screen"] == "sign-pin":
        visitor.press("/pin", pin=WRONG)
    assert (shown["code"], shown["picture"]) == ("pin-blocked", "pin-blocked")
    assert visitor.press("/back")["screen"] == "services"
    assert payments(treasury) == 0


@pytest.mark.parametrize("screen", ["review", "sign-pin"])
def test_the_card_taken_away_ends_the_visit(treasury: Town, screen: str) -> None:
    visitor, shown = to_the_text(treasury)
    if screen == "sign-pin":
        visitor.press("/sign", sha256=shown["sha256"])
    assert visitor.look(screen)["level"] == "pin"
    treasury.take()
    gone = visitor.look("attract")
    assert shown["document"] not in str(gone)
    assert visitor.press("/pin", pin=treasury.card.pin)["screen"] == "attract"
    assert rows(treasury, KeptSignature) == 0


def test_another_card_in_its_place_is_a_visit_of_its_own(treasury: Town, tmp_path: Path) -> None:
    visitor, _ = to_the_text(treasury)
    stranger = personalise(tmp_path / "stranger.json")
    treasury.take()
    visitor.look("attract")
    treasury.insert(stranger.state_file)
    assert visitor.look("pin-entry")["level"] is None


@pytest.mark.parametrize("path", [PREPARE, PAY])
def test_a_lost_answer_is_asked_for_again_and_nothing_is_done_twice(treasury: Town, path: str) -> None:
    visitor = to_the_form(treasury)
    treasury.line.lost.add(path)
    visitor.press("/form", values={"notice": NOTICE})
    if path == PAY:
        sign(visitor, treasury.card.pin)
    refused = visitor.look("refusal", "done")
    assert (refused["code"], refused["can_retry"]) == ("department-busy", True)
    done_before = payments(treasury)
    assert done_before == (path == PAY), "it was done, and nobody was told"
    treasury.line.lost.clear()
    visitor.press("/retry")
    if path == PREPARE:
        sign(visitor, treasury.card.pin)
    assert visitor.look("done", "refusal")["screen"] == "done"
    assert payments(treasury) == 1
    assert rows(treasury, KeptSignature) == 1


def test_a_confirmation_that_ran_out_meanwhile_does_nothing_twice(treasury: Town) -> None:
    visitor, _ = to_the_text(treasury)
    treasury.line.lost.add(PAY)
    sign(visitor, treasury.card.pin)
    assert visitor.look("refusal")["code"] == "department-busy"
    treasury.line.lost.clear()
    for _ in range(5):  # six minutes at the refusal, with somebody there
        treasury.clock.advance(seconds=75)
        visitor.press("/touch")
    visitor.press("/retry")
    assert visitor.look("refusal", "done")["code"] == "confirmation-over"
    visitor.press("/retry")
    assert visitor.look("refusal", "review")["code"] == "visit-ended", "the service has not heard of it for so long"
    assert payments(treasury) == 1


def test_a_text_that_is_read_for_long_is_signed_all_the_same(treasury: Town) -> None:
    visitor, _ = to_the_text(treasury)
    for _ in range(3):
        treasury.clock.advance(seconds=75)
        visitor.press("/touch")
    sign(visitor, treasury.card.pin)
    assert visitor.look("done", "refusal")["screen"] == "done"


def test_a_fee_that_changed_meanwhile_is_read_again_before_it_is_paid(treasury: Town) -> None:
    visitor, _ = to_the_text(treasury)
    with treasury.office.sessions() as session, session.begin():
        session.execute(update(Fee).where(Fee.number == NOTICE).values(amount_fen=70_00))
    sign(visitor, treasury.card.pin)
    refused = visitor.look("refusal", "done")
    assert (refused["code"], refused["advice"]) == (
        "department-refused",
        "Something has changed since you read the document. Nothing was done. Please start again.",
    )
    assert visitor.press("/back")["fields"][0]["value"] == NOTICE
    visitor.press("/form", values={"notice": NOTICE})
    assert "CNY 70.00" in visitor.look("review")["document"]
    sign(visitor, treasury.card.pin)
    assert visitor.look("done", "refusal")["screen"] == "done"
    assert payments(treasury) == 1


def test_a_card_whose_key_nobody_vouches_for_is_told_before_anything_is_read(treasury: Town) -> None:
    with transaction(treasury.city.services.sessions) as session:
        session.execute(update(Certificate).values(key_origin=KeyOrigin.ASSERTED))
    visitor, refused = to_the_text(treasury)
    assert refused["code"] == "key-origin-refused"
    assert visitor.press("/back")["screen"] == "services"


def test_a_document_that_nobody_signs_is_forgotten(treasury: Town) -> None:
    to_the_text(treasury)
    assert rows(treasury, KeptDraft) == 1
    treasury.clock.advance(seconds=timedelta(hours=2).total_seconds())
    treasury.office.forget()
    assert rows(treasury, KeptDraft) == 0
