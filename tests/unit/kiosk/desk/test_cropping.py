"""The part of a photograph that is kept: 35 by 45, within the picture, with pixels enough."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cardsvc.citizens.pictures import read_portrait
from kiosk.desk.cropping import LEAST_WIDTH, SHAPE, Frame, PhotographRefused, cut_out, size_of, upright


def picture(width: int, height: int, **options: object) -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize((width, height)).save(out, "JPEG", **options)
    return out.getvalue()


@given(
    st.tuples(st.integers(LEAST_WIDTH, 6000), st.integers(540, 6000)),
    st.lists(
        st.one_of(
            st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
            st.floats(0.01, 10),
        ),
        max_size=20,
    ),
)
def test_it_stays_within_the_picture_whatever_is_pressed(
    size: tuple[int, int], presses: list[tuple[float, float] | float]
) -> None:
    frame = Frame.around_the_middle(*size)
    for press in presses:
        frame = frame.moved(*press) if isinstance(press, tuple) else frame.scaled(press)
    assert frame.width / frame.height == pytest.approx(SHAPE)
    assert frame.width >= LEAST_WIDTH - 1
    assert -1e-6 <= frame.left <= size[0] - frame.width + 1e-6
    assert -1e-6 <= frame.top <= size[1] - frame.height + 1e-6


def test_it_moves_and_grows_around_its_middle() -> None:
    frame = Frame.around_the_middle(4000, 3000).scaled(0.5)
    assert frame.moved(0.1, 0).left == pytest.approx(frame.left + frame.width * 0.1)
    smaller = frame.scaled(0.8)
    assert smaller.left + smaller.width / 2 == pytest.approx(frame.left + frame.width / 2)
    assert Frame.of(frame.cut, 4000, 3000) == frame
    other = Frame.of(Frame.around_the_middle(4000, 3000).cut, 420, 540)
    assert (other.left, other.top) >= (0, 0)
    assert other.width <= 420


def test_what_is_cut_out_is_what_the_card_service_takes() -> None:
    for width, height in ((4000, 3000), (413, 531), (LEAST_WIDTH, 2000)):
        whole = picture(width, height)
        portrait = read_portrait(cut_out(whole, Frame.around_the_middle(*size_of(whole)).cut))
        assert portrait.width / portrait.height == pytest.approx(SHAPE, abs=0.005)


def test_the_part_is_the_part() -> None:
    image = Image.new("RGB", (2000, 2000), "white")
    image.paste("black", (0, 0, 1000, 2000))
    out = BytesIO()
    image.save(out, "PNG")
    frame = Frame.around_the_middle(2000, 2000).scaled(0.4)
    left = Image.open(BytesIO(cut_out(out.getvalue(), frame.moved(-3, 0).cut)))
    right = Image.open(BytesIO(cut_out(out.getvalue(), frame.moved(3, 0).cut)))
    assert (left.convert("L").getextrema()[1], right.convert("L").getextrema()[0]) == (0, 255)


def test_a_photograph_is_turned_upright_and_says_nothing_else() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "camera"
    kept = Image.open(BytesIO(upright(picture(1200, 900, exif=exif))))
    assert kept.size == (900, 1200)
    assert not kept.getexif()


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", picture(800, 800)[:200]])
def test_what_is_no_photograph_is_refused(content: bytes) -> None:
    with pytest.raises(PhotographRefused, match="unreadable"):
        upright(content)


def test_too_small_a_photograph_is_refused() -> None:
    with pytest.raises(PhotographRefused, match="too-small"):
        Frame.around_the_middle(412, 531)
