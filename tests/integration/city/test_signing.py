"""Residents sign at a kiosk, with every part a process of its own and the card on a real pcscd where there is one."""

from __future__ import annotations

import json
import re

import pytest
from cryptography import x509

from cardsvc.client.clock import system_clock
from cardsvc.wire.manifest import Language
from kiosk.city.citizen import View
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.stage import CardFiles, Place
from kiosk.city.witness import DatabaseWitness
from readers.virtual.journal import read_journal
from tests.fixtures.city import LiveCity, Visitor
from tests.fixtures.openssl import verify_cms

WATER, LIBRARY, NEVER_PAID = "802600000037", "802600000052", "802600000011"
"""Fees that a resident's voucher pays, all three together. The first two are paid, each by one test."""
WRONG = "314159"
VERIFY, GENERAL_AUTHENTICATE = "20", "87"
PIN_AT_ONCE = ["A400", "CBFF", "2080", "879C"]
"""SELECT, the CHUID, VERIFY, and right after it the signature with 9C: instruction and P2 of each."""
NEEDS_PCSC = pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")


def treasury(city: LiveCity) -> DatabaseWitness:
    return DatabaseWitness(city.plan.department_data("finance") / "finance.sqlite")


def signed(city: LiveCity) -> int:
    """Documents that finance has with a signature. For each of them money moved, and for no other."""
    kept = treasury(city).value("SELECT count(*) FROM kept_signatures")
    assert kept == treasury(city).value("SELECT count(*) FROM fees WHERE paid_with IS NOT NULL")
    return int(kept)


def to_the_form(visitor: Visitor) -> None:
    visitor.wait_for("pin-entry")
    visitor.touch("/pin", pin=CITIZENS_PIN)
    visitor.wait_for("services")
    visitor.touch("/choose", department="finance", service="pay-fee")
    visitor.touch("/consent")
    visitor.wait_for("form")


def to_the_text(visitor: Visitor, notice: str) -> View:
    to_the_form(visitor)
    visitor.touch("/form", values={"notice": notice})
    return visitor.wait_for("review")


def agree(visitor: Visitor) -> None:
    visitor.touch("/sign", sha256=visitor.wait_for("review")["sha256"])
    visitor.wait_for("sign-pin")


def test_a_fee_is_paid_the_signature_holds_for_openssl_and_no_log_tells_of_it(city: LiveCity, card: CardFiles) -> None:
    visitor, before = city.visitor, signed(city)
    with city.recording("signature") as recorded, city.put(card, Place.CONTACT):
        to_the_text(visitor, WATER)
        for language in Language:
            visitor.touch("/language", language=language.value)
            shown = visitor.look_until(
                lambda view, language=language: view.get("document_language") == language.value  # type: ignore[misc]
            )
            assert WATER in shown["document"]
        agree(visitor)
        visitor.touch("/pin", pin=WRONG)
        assert visitor.look_until(lambda view: view.get("tries_left") == 2)["screen"] == "sign-pin"
        already = len(read_journal(card.journal))
        visitor.touch("/pin", pin=CITIZENS_PIN)
        receipt = visitor.wait_for("done")["outcome"]["receipt"]
    assert [exchange.ins + exchange.p2 for exchange in read_journal(card.journal)[already:]] == PIN_AT_ONCE
    assert [record.outcome for record in recorded] == ["ok"]
    assert signed(city) == before + 1
    ((document, cms),) = treasury(city).rows("SELECT document, cms FROM kept_signatures WHERE receipt = ?", receipt)
    root = x509.load_pem_x509_certificate(city.plan.root_certificate.read_bytes())
    verify_cms(cms, document, root, system_clock())
    visitor.wait_for("attract")
    logs = {file.stem: file.read_text() for file in city.plan.folder.glob("*.log")}
    assert {"kiosk", "service", "finance"} <= set(logs)
    for secret in (CITIZENS_PIN, WRONG, WATER, receipt):
        assert [name for name, text in logs.items() if re.search(rf"(?<![0-9a-f.]){secret}(?![0-9a-f])", text)] == []


@pytest.mark.parametrize("at_the_pin", [False, True])
def test_a_card_taken_away_before_it_signs(city: LiveCity, card: CardFiles, at_the_pin: bool) -> None:  # noqa: FBT001
    before = signed(city)
    with city.put(card, Place.CONTACT):
        shown = to_the_text(city.visitor, NEVER_PAID)
        if at_the_pin:
            agree(city.visitor)
    gone = city.visitor.wait_for("attract")
    assert shown["sha256"] not in json.dumps(gone)
    assert city.visitor.touch("/pin", pin=CITIZENS_PIN)["screen"] == "attract"
    assert signed(city) == before


@NEEDS_PCSC
@pytest.mark.parametrize("at", [VERIFY, GENERAL_AUTHENTICATE])
@pytest.mark.parametrize("when", [(), ("--carried-out",)], ids=["before", "carried-out"])
def test_a_card_pulled_out_while_it_signs(city: LiveCity, card: CardFiles, at: str, when: tuple[str, ...]) -> None:
    before, memory = signed(city), json.loads(card.state.read_text())
    # The first such command is that of the PIN with which the visit begins; before it, VERIFY asks for the tries left.
    spared = "2" if at == VERIFY else "1"
    with (
        city.recording("signature") as recorded,
        city.put_odd(card, Place.CONTACT, "--vanish-at", at, "--spare", spared, *when),
    ):
        to_the_text(city.visitor, NEVER_PAID)
        agree(city.visitor)
        city.visitor.touch("/pin", pin=CITIZENS_PIN)
        city.visitor.is_refused("card-removed")
    assert recorded == []
    assert signed(city) == before
    assert json.loads(card.state.read_text()) == memory


def test_the_third_wrong_pin_blocks_and_signs_nothing(city: LiveCity, card: CardFiles) -> None:
    before, visitor = signed(city), city.visitor
    with city.recording("signature") as recorded, city.put(card, Place.CONTACT):
        to_the_text(visitor, NEVER_PAID)
        agree(visitor)
        for tries_left in (2, 1):
            visitor.touch("/pin", pin=WRONG)
            visitor.look_until(lambda view, left=tries_left: view.get("tries_left") == left)  # type: ignore[misc]
        visitor.touch("/pin", pin=WRONG)
        visitor.is_refused("pin-blocked")
    assert recorded == []
    assert signed(city) == before


def test_a_department_that_goes_away_at_each_step_and_comes_back(city: LiveCity, card: CardFiles) -> None:
    before, visitor = signed(city), city.visitor
    with city.put(card, Place.CONTACT):
        to_the_form(visitor)
        city.close("finance")
        try:
            visitor.touch("/form", values={"notice": LIBRARY})
            visitor.is_refused("department-unreachable")
        finally:
            city.open("finance")
        visitor.touch("/retry")
        agree(visitor)
        city.close("finance")
        try:
            visitor.touch("/pin", pin=CITIZENS_PIN)
            visitor.is_refused("department-unreachable")
            assert signed(city) == before
        finally:
            city.open("finance")
        visitor.touch("/retry")
        assert visitor.wait_for("done", "refusal")["screen"] == "done"
    assert signed(city) == before + 1


def test_a_service_that_is_away_when_the_card_has_signed(city: LiveCity, card: CardFiles) -> None:
    before, visitor = signed(city), city.visitor
    with city.put(card, Place.CONTACT):
        to_the_text(visitor, NEVER_PAID)
        agree(visitor)
        city.close("service")
        try:
            visitor.touch("/pin", pin=CITIZENS_PIN)
            visitor.is_refused("service-unreachable")
        finally:
            city.open("service")
        assert visitor.touch("/back")["screen"] in {"review", "sending"}
        assert visitor.wait_for("review")["document"]
    assert signed(city) == before
