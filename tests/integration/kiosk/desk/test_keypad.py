"""A citizen sets their PIN at the keypad of the reader, in the window: no key of this computer is pressed for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pytestqt.qtbot import QtBot

from cardsvc.wire.lifecycle import ApplicationState
from readers.virtual.pcscd import PrivatePcscd
from tests.fixtures.accessible import keyless, nameless
from tests.fixtures.at_the_card import MEI, AtTheCard, produced
from tests.fixtures.desk_city import DeskCity, open_desk
from tests.fixtures.desk_issuing import handing_of, issuing, pin_window, says, sign, written
from tests.fixtures.keypads import KeypadReader

OWN = "864193"


def test_whoever_is_too_slow_at_the_keypad_begins_again_and_the_card_comes_into_force(
    desk_city: DeskCity, private_pcscd: PrivatePcscd, qtbot: QtBot, tmp_path: Path
) -> None:
    typed: list[str] = []
    with open_desk(desk_city, private_pcscd, qtbot, tmp_path, wraps=partial(KeypadReader, typed=typed)) as desk:
        page, lane = issuing(desk)
        application = written(desk, page, lane, tmp_path / "card")
        handing = handing_of(desk, page, lane)
        sign(desk, handing)
        desk.press(handing.confirm)
        desk.until(handing.set_pin.isEnabled)
        assert handing.pin is not None
        transport = handing.pin.digits

        citizen = pin_window(desk, handing)
        desk.until(lambda: "No PIN was entered at the reader's keypad" in citizen.message.text())
        assert f"Your transport PIN: {transport}" in citizen.rules.text()
        assert not any(field.isEnabled() for field in (citizen.letter, citizen.first, citizen.again))
        assert (nameless(citizen), keyless(citizen)) == ([], [])
        assert transport not in handing.message.text()
        typed += [transport, OWN, "864194"]
        desk.press(citizen.button)
        desk.until(lambda: not typed and "the two new ones were not the same" in citizen.message.text())
        typed += [transport, OWN, OWN, OWN]
        desk.press(citizen.button)
        desk.until(lambda: "in force" in handing.message.text())
        assert typed == []
        assert not citizen.isVisible()
        says(desk, lane, "is in force")
    with desk_city.client("ana") as ana:
        assert ana.application(application).state is ApplicationState.CLOSED


def test_whose_card_is_unblocked_chooses_at_the_keypad(
    desk_city: DeskCity, private_pcscd: PrivatePcscd, qtbot: QtBot, tmp_path: Path
) -> None:
    mei, typed = produced(desk_city, "mei", "KP-0000-0001", MEI), list[str]()
    with open_desk(desk_city, private_pcscd, qtbot, tmp_path, wraps=partial(KeypadReader, typed=typed)) as desk:
        card = AtTheCard.signed_in(desk)
        panel = card.page.acts.unblocking
        card.opens("KP-0000-0001")
        card.has_unblocking_agreed(mei)
        card.chooses("U")
        desk.insert(mei.files.state)
        desk.press(card.page.acts.do)
        desk.until(lambda: panel.citizen is not None and panel.citizen.isVisible())
        citizen = panel.citizen
        assert citizen is not None
        desk.until(lambda: "No PIN was entered at the reader's keypad" in citizen.message.text())
        pin = citizen.choosing.pin.transport
        assert pin is not None
        assert f"Your transport PIN: {pin.digits}" in citizen.rules.text()
        assert not any(field.isEnabled() for field in (citizen.letter, citizen.first, citizen.again))
        assert pin.digits not in panel.status.text()
        typed += [pin.digits, OWN, OWN]
        desk.press(citizen.button)
        card.says("Card KP-0000-0001 has the citizen's new PIN.")
        assert typed == []
        assert not citizen.isVisible()
