"""Pages of papers over HTTP: there while the screen shows them, for this browser alone, and then gone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image

from cardsvc.wire.manifest import Document
from kiosk.screen import app
from kiosk.visit import acts, events
from kiosk.visit.screens import Done, Sending
from tests.fixtures.offers import OPENING_HOURS, outcome
from tests.fixtures.papers import document, pdf
from tests.fixtures.services import StandingClock
from tests.unit.kiosk.screen.test_app import Kiosk, press


@pytest.fixture
def kiosk(clock: StandingClock) -> Iterator[Kiosk]:
    kiosk = Kiosk(clock)
    yield kiosk
    kiosk.close()


def serve(kiosk: Kiosk, paper: Document, pages: int, key: UUID | None = None) -> str:
    """Somebody is given the paper; the address of its first page."""
    kiosk.let_in()
    kiosk.booth.send(acts.ServiceChosen(*OPENING_HOURS.key))
    sending = kiosk.booth.send(acts.ConsentGiven(key or uuid4())).state.screen
    assert isinstance(sending, Sending)
    asking = kiosk.booth.send(events.Exchanged(sending.job, "assertion")).state.screen
    assert isinstance(asking, Sending)
    given = outcome().model_copy(update={"document": paper})
    done = kiosk.booth.send(events.Answered(asking.job, given, pages)).state.screen
    assert isinstance(done, Done)
    return f"/papers/{done.mark}/1"


def test_a_page_is_a_picture_that_nobody_keeps(kiosk: Kiosk) -> None:
    browser, address = kiosk.browser(), serve(kiosk, document(pdf(2)), 2)
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "no-store"
    assert Image.open(io.BytesIO(answer.content)).size[0] == 1240
    assert browser.get("/state").json()["paper"]["pages"] == [address, f"{address[:-1]}2"]
    assert kiosk.stranger().get(address).status_code == 401


@pytest.mark.parametrize(("number", "status"), [("0", 404), ("-1", 404), ("3", 404), ("21", 404), ("first", 422)])
def test_only_its_own_pages_can_be_fetched(kiosk: Kiosk, number: str, status: int) -> None:
    browser, address = kiosk.browser(), serve(kiosk, document(pdf(2)), 2)
    assert browser.get(f"{address[:-1]}{number}").status_code == status
    assert browser.get(f"/papers/{'0' * 64}/1").status_code == 404


def test_of_a_thousand_pages_twenty_are_shown(kiosk: Kiosk) -> None:
    browser, address = kiosk.browser(), serve(kiosk, document(pdf(30)), 30)
    assert len(browser.get("/state").json()["paper"]["pages"]) == 20
    assert [browser.get(f"{address[:-1]}{number}").status_code for number in (20, 21)] == [200, 404]


@pytest.mark.parametrize(
    "over",
    [acts.Finished(), acts.WentBack(), acts.Touched()],
    ids=lambda e: type(e).__name__,
)
def test_after_it_the_page_is_gone_for_everybody(kiosk: Kiosk, over: acts.CitizenEvent) -> None:
    browser, address = kiosk.browser(), serve(kiosk, document(pdf(1)), 1)
    if isinstance(over, acts.Touched):
        kiosk.clock.advance(seconds=200)
        kiosk.booth.send(events.Ticked())
    kiosk.booth.send(over)
    assert browser.get(address).status_code == 404


def test_the_next_person_sees_their_own_paper_and_not_the_last(kiosk: Kiosk) -> None:
    browser, same = kiosk.browser(), document(pdf(1))
    first = serve(kiosk, same, 1)
    press(browser, "/done")
    second = serve(kiosk, same, 1)
    assert first != second
    assert [browser.get(address).status_code for address in (first, second)] == [404, 200]
    assert first not in browser.get("/").text


def test_a_visit_that_ends_while_a_page_is_drawn_hands_nothing_out(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(_paper: Document, _number: int) -> bytes:
        kiosk.booth.send(acts.Finished())
        serve(kiosk, document(pdf(1)), 1)  # and the next is already here
        return b"a page of the last one"

    browser, address = kiosk.browser(), serve(kiosk, document(pdf(1)), 1)
    monkeypatch.setattr(app, "page_picture", draw)
    answer = browser.get(address)
    assert answer.status_code == 404
    assert "last one" not in answer.text


def test_a_page_that_cannot_be_drawn_is_not_found(kiosk: Kiosk) -> None:
    address = serve(kiosk, document(b"%PDF-1.7 broken"), 1)
    assert kiosk.browser().get(address).status_code == 404


def test_the_address_does_not_tell_the_key_that_is_for_the_department(kiosk: Kiosk) -> None:
    key = UUID("0195c0de-0000-4000-8000-00000000abcd")
    address = serve(kiosk, document(pdf(1)), 1, key)
    browser: httpx.Client = kiosk.browser()
    for written in (str(key), key.hex):
        assert written not in address
        assert written not in browser.get("/").text
