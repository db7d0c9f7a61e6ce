"""The photograph as a card has room for it."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from PIL import Image

from cardsvc.citizens.pictures import read_portrait
from cardsvc.issuance.portraits import PortraitTooLarge, fit, room_for
from tests.fixtures.faces import looks_like
from tests.fixtures.pictures import picture

KEPT = read_portrait(picture()).jpeg


def noise() -> bytes:
    """What no camera takes: nothing of it can be made smaller without a loss."""
    pixels = random.Random(1).randbytes(700 * 900 * 3)  # noqa: S311 - a picture
    out = BytesIO()
    Image.frombytes("RGB", (700, 900), pixels).save(out, "JPEG", quality=95)
    return read_portrait(out.getvalue()).jpeg


@pytest.mark.parametrize("room", [1_200, 1_900, 2_500, 12_000])
@pytest.mark.parametrize("kept", [KEPT, noise()], ids=["face", "noise"])
def test_it_fits_and_says_its_size(kept: bytes, room: int) -> None:
    photograph = fit(kept, room)
    assert len(photograph.image) <= room
    with Image.open(BytesIO(photograph.image)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (photograph.width, photograph.height))
        assert "progressive" not in image.info


def test_more_room_makes_a_larger_picture_of_the_same() -> None:
    heights = [fit(KEPT, room).height for room in (1_200, 1_900, 12_000)]
    assert heights == sorted(set(heights))
    assert all(looks_like(fit(KEPT, room).image, KEPT) for room in (1_900, 12_000))


def test_it_is_the_same_every_time() -> None:
    assert fit(KEPT, 2_500) == fit(KEPT, 2_500)


def test_where_nothing_has_room_there_is_none() -> None:
    with pytest.raises(PortraitTooLarge):
        fit(KEPT, 300)


def test_what_a_signature_varies_by_is_left_free() -> None:
    assert room_for(3_000, 500) < 2_500
