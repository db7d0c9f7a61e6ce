"""The photograph on a card as the kiosk reads it: with the PIN, checked, as a JPEG."""

from __future__ import annotations

from io import BytesIO
from typing import Any, cast
from uuid import UUID

import pytest
from PIL import Image, features

from cardsvc.client import ServiceUnreachable
from kiosk.photographs import NoPhotograph, PhotographForged, PhotographOfAnother, Photographs
from kiosk.proving import OtherCard
from readers.connection import CardReader
from readers.errors import ObjectNotFound, WrongPin
from readers.piv.identifiers import ObjectId
from readers.piv.judging import Trust
from readers.piv.photograph import ImageKind, Photograph
from readers.piv.pin import Pin
from readers.virtual.loopback import LoopbackReader, put_on
from tests.fixtures.cards import PIN, PersonalisedCard
from tests.fixtures.faces import PHOTOGRAPH, FaceIssuer, looks_like, put_object
from tests.fixtures.pictures import picture
from tests.fixtures.services import NOW

CITY = FaceIssuer()
SOMEBODY = UUID(int=1, version=4)
JPEG = Photograph(PHOTOGRAPH, 350, 450)


def jpeg_2000(**options: Any) -> bytes:
    assert features.check("jpg_2000"), "Pillow's wheels have it"
    return picture(350, 450, kind="JPEG2000", **options)


def write(card: PersonalisedCard, photograph: Photograph) -> CardReader:
    """The card with this photograph, in a reader."""
    for object_id, content in CITY.objects(card.uuid, photograph).items():
        put_object(card.state_file, object_id, content)
    return insert(card)


def insert(card: PersonalisedCard) -> CardReader:
    slot = card.state_file.with_suffix(".kiosk")
    put_on(slot, card.state_file)
    return cast("CardReader", LoopbackReader(slot))


def photographs(trust: Trust = CITY.trust) -> Photographs:
    return Photographs(lambda: trust, lambda: NOW)


def test_a_jpeg_is_shown_as_it_is(personalised_card: PersonalisedCard) -> None:
    reader = write(personalised_card, JPEG)
    assert photographs().read(reader, personalised_card.uuid, Pin(PIN)) == PHOTOGRAPH


@pytest.mark.parametrize("options", [{}, {"no_jp2": True}], ids=["file", "codestream"])
def test_a_jpeg_2000_becomes_a_jpeg(personalised_card: PersonalisedCard, options: dict[str, bool]) -> None:
    """Browsers show none."""
    image = jpeg_2000(**options)
    reader = write(personalised_card, Photograph(image, 350, 450, ImageKind.JPEG_2000))
    shown = photographs().read(reader, personalised_card.uuid, Pin(PIN))
    with Image.open(BytesIO(shown)) as seen:
        assert (seen.format, seen.size) == ("JPEG", (350, 450))
    assert looks_like(shown, PHOTOGRAPH)


def test_a_jpeg_2000_that_breaks_off_is_no_photograph(personalised_card: PersonalisedCard) -> None:
    reader = write(personalised_card, Photograph(jpeg_2000()[:200], 350, 450, ImageKind.JPEG_2000))
    with pytest.raises(NoPhotograph):
        photographs().read(reader, personalised_card.uuid, Pin(PIN))


def test_a_jpeg_2000_of_too_many_pixels_is_no_photograph(personalised_card: PersonalisedCard) -> None:
    out = BytesIO()
    Image.new("L", (3000, 3000)).save(out, "JPEG2000", irreversible=True, quality_layers=[2000])
    reader = write(personalised_card, Photograph(out.getvalue(), 350, 450, ImageKind.JPEG_2000))
    with pytest.raises(NoPhotograph):
        photographs().read(reader, personalised_card.uuid, Pin(PIN))


def test_a_card_without_one(personalised_card: PersonalisedCard) -> None:
    with pytest.raises(NoPhotograph):
        photographs().read(insert(personalised_card), personalised_card.uuid, Pin(PIN))


def test_one_that_nobody_signed_for_whom_the_kiosk_believes(personalised_card: PersonalisedCard) -> None:
    reader = write(personalised_card, JPEG)
    with pytest.raises(PhotographForged):
        photographs(FaceIssuer().trust).read(reader, personalised_card.uuid, Pin(PIN))


def test_one_of_another_card(personalised_card: PersonalisedCard) -> None:
    write(personalised_card, JPEG)
    face = CITY.face(SOMEBODY, JPEG)
    put_object(personalised_card.state_file, ObjectId.FACIAL_IMAGE, face)
    with pytest.raises(PhotographOfAnother):
        photographs().read(insert(personalised_card), personalised_card.uuid, Pin(PIN))


def test_the_wrong_pin_and_the_wrong_card(personalised_card: PersonalisedCard) -> None:
    reader = write(personalised_card, JPEG)
    with pytest.raises(WrongPin):
        photographs().read(reader, personalised_card.uuid, Pin("999999"))
    with pytest.raises(OtherCard):
        photographs().read(reader, SOMEBODY, Pin(PIN))


def test_an_unfinished_card(personalised_card: PersonalisedCard) -> None:
    put_object(personalised_card.state_file, ObjectId.CHUID, b"")
    with pytest.raises(ObjectNotFound):
        photographs().read(insert(personalised_card), personalised_card.uuid, Pin(PIN))


def test_nothing_is_shown_while_nobody_says_whom_to_believe(personalised_card: PersonalisedCard) -> None:
    def away() -> Trust:
        raise ServiceUnreachable

    reader = write(personalised_card, JPEG)
    with pytest.raises(ServiceUnreachable):
        Photographs(away, lambda: NOW).read(reader, personalised_card.uuid, Pin(PIN))
