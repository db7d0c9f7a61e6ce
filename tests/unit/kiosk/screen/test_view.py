"""What is shown of each state, drawn in every language; and what never is."""

from __future__ import annotations

import hashlib
import html
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args
from uuid import UUID

import pytest

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Language
from kiosk.booth import Snapshot
from kiosk.forms import Filled
from kiosk.screen import pages
from kiosk.screen.pictures import OTHERS, PICTURES
from kiosk.screen.view import SCREEN_NAMES, View, view_of
from kiosk.visit import pin_screens, screens, turn_screens
from kiosk.visit.reason import Reason
from kiosk.visit.screens import KioskState, Trouble, Visit
from readers.piv.pin import Pin
from tests.fixtures.offers import (
    ALIVE,
    BALANCE,
    CHANGE_PIN,
    CHECK_IN,
    DONATE,
    MANDATE,
    OFFERS,
    OPENING_HOURS,
    outcome,
    paper,
)
from tests.fixtures.services import NOW

ANA = UUID("a0000000-0000-4000-8000-000000000001")
KEY = UUID("c0000000-0000-4000-8000-000000000003")
SUBMISSION = screens.Submission(CHECK_IN, KEY, {"complaint": "fever"}, "the.asser.tion")
TO_SIGN = screens.Submission(DONATE, KEY, {"litres": 2})
VISIT = Visit(ANA, Level.TAP, "token-of-ana", NOW + timedelta(minutes=10))
OLD, NEW = Pin("246802"), Pin("864193")
TURN = turn_screens.Turn(ALIVE, MANDATE, "SI-0001", NOW + timedelta(minutes=10), ANA, b"the photograph")
ALL: list[screens.Screen] = [
    screens.Attract(),
    screens.Reading(),
    screens.Services(),
    screens.InsertCard(BALANCE),
    screens.PinEntry(ANA, BALANCE, 2),
    screens.CheckingPin(ANA, None, 1),
    screens.Consent(CHECK_IN),
    screens.FillForm(CHECK_IN),
    screens.Check(SUBMISSION, screens.FillForm(CHECK_IN)),
    screens.Review(TO_SIGN, paper()),
    screens.SignPin(TO_SIGN, paper(), 1),
    screens.Signing(TO_SIGN, paper(), 3),
    screens.HoldAgain(SUBMISSION),
    turn_screens.PhotographPin(TURN),
    turn_screens.ReadingPhotograph(TURN, 1),
    turn_screens.HandOver(TURN),
    turn_screens.AwaitSecond(),
    pin_screens.ChangePin(CHANGE_PIN, OLD, NEW),
    pin_screens.ChangingPin(CHANGE_PIN, ANA, 1),
    pin_screens.PinLost(CHANGE_PIN, ANA, OLD, NEW),
    pin_screens.FindingPin(CHANGE_PIN, ANA, 1),
    screens.Sending(SUBMISSION, 2),
    screens.Done(CHECK_IN, outcome()),
    screens.Refusal(Reason("card-unknown"), screens.Services(), SUBMISSION),
    screens.TakeCard(),
    screens.TakeCard(call=screens.Call.LOUD, lying=True),
    screens.OutOfService(),
]


def view(screen: screens.Screen, language: Language = Language.ENGLISH, **state: object) -> View:
    shown = KioskState(
        screen, VISIT, language, NOW + timedelta(seconds=61.2), offers=OFFERS, troubles=frozenset(screens.Trouble)
    )
    if isinstance(screen, turn_screens.AwaitSecond):
        shown = replace(shown, visit=None, turn=TURN)
    return view_of(Snapshot(7, replace(shown, **state)), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("out_of_order", "said", "not_said"),
    [
        (set(), "Hold your card here", "out of service"),
        ({Trouble.CONTACT_READER}, "Hold your card here", "put the card into the slot"),
        ({Trouble.CONTACTLESS_READER}, "Put your card into the slot", "Hold your card here"),
        ({Trouble.CONTACT_READER, Trouble.CONTACTLESS_READER}, "This machine is out of service", "card into the slot"),
    ],
)
def test_nobody_is_sent_to_a_reader_that_is_out_of_order(out_of_order: set[Trouble], said: str, not_said: str) -> None:
    shown = pages.page(view(screens.Attract(), visit=None, troubles=frozenset(out_of_order)))
    assert said in shown
    assert not_said not in shown


def test_whoever_put_in_the_wrong_card_sees_it_come_out() -> None:
    awaited = turn_screens.AwaitSecond(first_again=True)
    assert "slot-out.svg" in pages.page(view(awaited, card_inside=True))
    assert "slot-out.svg" not in pages.page(view(awaited, card_inside=False))


def test_every_screen_has_a_name() -> None:
    assert set(SCREEN_NAMES) == set(get_args(screens.Screen)) == {type(screen) for screen in ALL}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("screen", ALL, ids=lambda screen: type(screen).__name__)
def test_every_screen_is_json_and_html_and_has_nothing_secret(screen: screens.Screen, language: Language) -> None:
    shown = view(screen, language)
    both = json.dumps(shown) + pages.page(shown)
    for secret in (
        "token-of-ana",
        "the.asser.tion",
        "the.prepared.jws",
        "handle-1",
        str(ANA),
        str(KEY),
        OLD.digits,
        "the photograph",
        NEW.digits,
    ):
        assert secret not in both
    assert f'lang="{language.value}"' in pages.page(shown)
    assert pages.fragment(shown) in pages.page(shown)


@pytest.mark.parametrize("screen", ALL, ids=lambda screen: type(screen).__name__)
def test_no_script_or_style_is_in_the_page(screen: screens.Screen) -> None:
    page = pages.page(view(screen))
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:", page) == []


def test_what_is_common_to_all() -> None:
    shown = view(screens.Services())
    assert {name: shown[name] for name in ("version", "screen", "language", "level", "seconds_left", "service")} == {
        "version": 7,
        "screen": "services",
        "language": "en",
        "level": "tap",
        "seconds_left": 62,
        "service": None,
    }
    assert [department["code"] for department in shown["departments"]] == ["clinic", "library"]
    assert [(service["code"], service["steps_up"]) for service in shown["departments"][0]["services"]] == [
        ("check-in", False),
        ("balance", True),
        ("donate", True),
        ("leave", True),
    ]


def test_texts_are_in_the_chosen_language_else_in_english() -> None:
    shown = view(screens.Services(), Language.PORTUGUESE)
    assert [department["title"] for department in shown["departments"]] == ["Clínica", "Library"]


@pytest.mark.parametrize(("tries", "says"), [(None, None), (2, "2 tries"), (1, "one try left")])
def test_the_tries_left_are_said(tries: int | None, says: str | None) -> None:
    message = view(screens.PinEntry(ANA, None, tries))["message"]
    assert message is None if says is None else says in message


def test_consent_names_exactly_what_goes_to_whom() -> None:
    shown = view(screens.Consent(CHECK_IN))
    assert shown["attributes"] == [{"name": "district", "title": "The district you live in"}]
    assert shown["questions"] == [{"code": "age-at-least:65", "title": "Whether you are 65 or older: yes or no"}]
    page = pages.fragment(shown)
    assert "Whether you are 65 or older" in page
    assert "Clinic receives, for “Check in”:" in page
    assert "The district you live in" in page
    assert "Your name is not passed on." in page
    assert "Your name is not passed on." not in pages.fragment(view(screens.Consent(BALANCE)))


def test_a_form_keeps_what_was_right_and_says_what_was_wrong() -> None:
    filled = CHECK_IN.form.fill({"complaint": "fever", "since_days": "-3"})
    complaint, days = view(screens.FillForm(CHECK_IN, filled))["fields"]
    assert (complaint["value"], complaint["error"]) == ("fever", None)
    assert (days["error"], days["error_text"]) == ("too-small", "This number is too small.")
    page = pages.fragment(view(screens.FillForm(CHECK_IN, filled)))
    assert 'value="fever" checked' in page
    assert "This number is too small." in page


def test_an_outcome_is_shown_with_its_receipt() -> None:
    shown = view(screens.Done(CHECK_IN, outcome("A-017")))["outcome"]
    assert shown["fields"] == [
        {"label": "Your number", "value": "A-017", "prominent": True, "new": False, "action": None}
    ]
    assert shown["receipt"] == "CL-0001"


def test_what_is_signed_is_shown_whole_and_with_the_hash_that_the_button_carries() -> None:
    text = "Clinic <b>\n\n  I donate 2 litres & no more.\n"
    shown = view(screens.Review(TO_SIGN, paper(text, Language.CHINESE)))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    assert (shown["document"], shown["document_language"], shown["sha256"]) == (text, "zh-Hans", sha256)
    assert "".join(shown["fingerprint"]) == sha256
    assert {len(group) for group in shown["fingerprint"]} == {4}
    page = pages.fragment(shown)
    inside = page.partition('<section class="paper" lang="zh-Hans"')[2].partition("</section>")[0].partition(">")[2]
    assert html.unescape(inside) == text
    (body,) = re.findall(r'data-post="/sign" data-body="([^"]+)"', page)
    assert json.loads(html.unescape(body)) == {"sha256": sha256}


def test_a_text_that_was_written_anew_is_said_to_be() -> None:
    again = replace(TO_SIGN, reread=True)
    said = "This text was written anew."
    assert said in pages.fragment(view(screens.Review(again, paper())))
    assert said not in pages.fragment(view(screens.Review(TO_SIGN, paper())))


def test_while_the_card_signs_the_document_is_not_in_the_page() -> None:
    for screen in (
        screens.SignPin(TO_SIGN, paper()),
        screens.Signing(TO_SIGN, paper(), 3),
        screens.Sending(TO_SIGN, 3),
    ):
        shown = view(screen)
        assert "I donate" not in json.dumps(shown) + pages.page(shown)


def test_every_trouble_has_a_picture_that_is_there() -> None:
    folder = Path(pages.__file__).parent / "static" / "pictures"
    for name in {OTHERS, *PICTURES.values()}:
        assert (folder / f"{name}.svg").is_file()
    assert "/static/pictures/pin-blocked.svg" in pages.fragment(view(screens.Refusal(Reason("pin-blocked"))))
    assert "/static/pictures/notice.svg" in pages.fragment(view(screens.Refusal(Reason("try-again"))))


def test_what_happens_to_cards_has_pictures_of_its_own() -> None:
    troubles = {
        "wrong way round": Reason("card-mute"),
        "foreign": Reason("not-a-citizen-card"),
        "held": Reason("card-not-active", card_state="held"),
        "expired": Reason("card-not-active", card_state="expired"),
        "PIN blocked": Reason("pin-blocked"),
        "taken away too soon": Reason("card-removed"),
    }
    shown = {name: str(view(screens.Refusal(trouble))["picture"]) for name, trouble in troubles.items()}
    assert len({OTHERS, *shown.values()}) == len(troubles) + 1, shown
    two = pages.fragment(view(screens.Services(), second_card=True))
    assert two.count("/static/pictures/two-cards.svg") == 1


@pytest.mark.parametrize(
    ("refusal", "buttons"),
    [
        (screens.Refusal(Reason("x")), ["/done"]),
        (screens.Refusal(Reason("x"), screens.Services()), ["/done", "/back"]),
        (screens.Refusal(Reason("x"), screens.Services(), SUBMISSION), ["/back", "/retry"]),
    ],
)
def test_a_refusal_offers_what_can_be_done(refusal: screens.Refusal, buttons: list[str]) -> None:
    main = pages.fragment(view(refusal)).partition("<main")[2].partition("</main>")[0]
    assert re.findall(r'data-post="([^"]+)"', main) == buttons


def test_what_departments_say_is_escaped() -> None:
    done = screens.Done(OPENING_HOURS, outcome("<img src=x onerror=alert(1)>"))
    page = pages.page(view(done))
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_nothing_of_a_form_is_shown_before_it_is_filled() -> None:
    assert view(screens.FillForm(CHECK_IN, Filled()))["fields"][1]["value"] is None
