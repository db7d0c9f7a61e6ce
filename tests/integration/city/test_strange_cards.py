"""Cards at a kiosk that are not ours, or not what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.city.founding import KIOSK
from kiosk.city.stage import CardFiles, Place
from readers.piv.admin import PivAdmin
from readers.piv.fascn import NON_FEDERAL
from readers.piv.identifiers import ObjectId
from readers.piv.management_key import ManagementKey
from readers.piv.objects import Chuid
from readers.piv.session import PivSession
from readers.virtual.card import VirtualCard
from readers.virtual.loopback import LoopbackReader, put_on, take_off
from tests.fixtures.cards import FACTORY_KEY, NEW_KEY, PIN, personalise
from tests.fixtures.city import LiveCity, Recorded

BOTH = pytest.mark.parametrize("place", list(Place))


def blank(state: Path) -> None:
    VirtualCard(state).close()


def without_sense(state: Path) -> None:
    """Somebody else's PIV card, whose CHUID is none (its expiry is no date)."""
    write_chuid(state, bytes.fromhex("3504" + "FF" * 4), FACTORY_KEY)


def write_chuid(state: Path, chuid: bytes, key: ManagementKey) -> None:
    slot = state.with_suffix(".slot")
    put_on(slot, state)
    with LoopbackReader(slot).connect() as connection:
        admin = PivAdmin(PivSession.open(connection))
        admin.authenticate(key)
        admin.put_object(ObjectId.CHUID, chuid)
    take_off(slot)


@BOTH
@pytest.mark.parametrize(("make", "code"), [(blank, "unfinished-card"), (without_sense, "card-unreadable")])
def test_a_card_that_does_not_say_who_it_is(
    city: LiveCity, tmp_path: Path, make: Callable[[Path], None], code: str, place: Place
) -> None:
    card = CardFiles.named(tmp_path, "strange")
    make(card.state)
    memory = card.state.read_bytes()
    with city.nothing_written(), city.recording() as recorded, city.put(card, place):
        city.visitor.is_refused(code)
    assert recorded == []
    assert card.state.read_bytes() == memory


@BOTH
@pytest.mark.needs("pcscd", "vpcd", "unshare", "pyscard")
def test_a_card_without_piv(city: LiveCity, tmp_path: Path, place: Place) -> None:
    card = CardFiles.named(tmp_path, "bank")
    with city.nothing_written(), city.recording() as recorded, city.put_odd(card, place, "--without-piv"):
        city.visitor.is_refused("not-a-citizen-card")
    assert recorded == []


@BOTH
def test_a_card_of_another_authority(city: LiveCity, tmp_path: Path, place: Place) -> None:
    other = personalise(tmp_path / "other.card")
    card = CardFiles(other.state_file, tmp_path / "other.journal")
    with city.nothing_written(), city.recording() as recorded, city.put(card, place):
        enter_pin(city, place)
        city.visitor.is_refused("card-unknown")
    assert recorded == [Recorded("authentication", "card-unknown", KIOSK, card=None)]


@BOTH
def test_a_copy_of_a_card_without_its_keys(city: LiveCity, card: CardFiles, tmp_path: Path, place: Place) -> None:
    forged = personalise(tmp_path / "forged.card")
    with city.connected(card) as connection:
        original = PivSession.open(connection).read_chuid()
    write_chuid(forged.state_file, bytes(Chuid(NON_FEDERAL, city.card_uuid, original.expiry)), NEW_KEY)
    copy = CardFiles(forged.state_file, tmp_path / "forged.journal")
    with city.nothing_written(), city.recording() as recorded, city.put(copy, place):
        enter_pin(city, place)
        city.visitor.is_refused("signature-invalid")
    assert recorded == [Recorded("authentication", "signature-invalid", KIOSK, card=city.card_uuid)]
    city.nobody_there()
    with city.put(card, Place.CONTACTLESS):  # the one that was copied is none the worse for it
        city.visitor.wait_for("services")


def enter_pin(city: LiveCity, place: Place) -> None:
    if place is Place.CONTACT:
        city.visitor.wait_for("pin-entry")
        city.visitor.touch("/pin", pin=PIN)
