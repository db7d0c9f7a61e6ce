"""PINs at a kiosk: counted by the card, told on the screen, and no business of the service's."""

from __future__ import annotations

import json
from typing import Any

from cardsvc.wire.manifest import Language
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.stage import CardFiles, Place
from tests.fixtures.city import LiveCity

WRONG = "314159"


def memory(card: CardFiles) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(card.state.read_text())
    return content


def test_a_wrong_pin_shows_the_tries_left_and_the_third_blocks(city: LiveCity, card: CardFiles) -> None:
    visitor, untouched = city.visitor, memory(card)
    with city.nothing_written(), city.recording() as recorded, city.put(card, Place.CONTACT):
        visitor.wait_for("pin-entry")
        for tries_left in (2, 1):
            visitor.touch("/pin", pin=WRONG)
            assert visitor.wait_for("pin-entry", "refusal")["tries_left"] == tries_left
            messages = {view["message"] for view in visitor.languages().values()}
            assert len(messages) == len(Language)
            assert tries_left == 1 or all("2" in message for message in messages)
        visitor.touch("/pin", pin=WRONG)
        visitor.is_refused("pin-blocked")
    with city.nothing_written(), city.recording() as afterwards, city.put(card, Place.CONTACT):
        visitor.wait_for("pin-entry")
        visitor.touch("/pin", pin=CITIZENS_PIN)
        visitor.is_refused("pin-blocked")
    assert (
        recorded == afterwards == []
    )  # the service was never asked: it sees no PIN, and no card that did not take one
    assert memory(card) == {**untouched, "pin": {**untouched["pin"], "tries_left": 0}}


def test_a_wrong_pin_forgotten_by_a_right_one(city: LiveCity, card: CardFiles) -> None:
    visitor, untouched = city.visitor, memory(card)
    with city.recording() as recorded, city.put(card, Place.CONTACT):
        visitor.wait_for("pin-entry")
        visitor.touch("/pin", pin=WRONG)
        visitor.look_until(lambda view: view.get("tries_left") == untouched["pin"]["tries"] - 1)
        visitor.touch("/pin", pin=CITIZENS_PIN)
        assert visitor.wait_for("services")["level"] == "pin"
    assert [record.outcome for record in recorded] == ["ok"]
    assert memory(card) == untouched
