"""Chinese by its sound, of the characters in daily use: the first level of GB 2312, a national standard."""

from __future__ import annotations

import pytest

from kiosk.screen.pinyin import table

FIRST_LEVEL_ROWS = range(16, 56)


def first_level() -> list[str]:
    """The 3755 characters of GB 2312's first level, in the standard's own order."""
    cells = [bytes((0xA0 + row, 0xA0 + cell)) for row in FIRST_LEVEL_ROWS for cell in range(1, 95)]
    return [cell.decode("gb2312", errors="ignore") for cell in cells if cell.decode("gb2312", errors="ignore")]


def test_every_character_in_daily_use_can_be_written() -> None:
    offered = set("".join(table()["characters"].values()))
    assert len(first_level()) == 3755
    assert set(first_level()) <= offered


@pytest.mark.parametrize(
    ("sound", "characters"),
    [("a", "啊阿"), ("lu", "路录陆"), ("lv", "绿旅"), ("nv", "女"), ("hao", "号好"), ("de", "的得"), ("di", "地第低")],
)
def test_characters_stand_under_their_sound(sound: str, characters: str) -> None:
    assert set(characters) <= set(table()["characters"][sound])


def test_what_is_written_most_comes_first() -> None:
    characters = table()["characters"]
    firsts = [characters[sound][0] for sound in ("de", "wo", "ta", "hao", "lu", "lou")]
    assert "".join(firsts) == "的我他号路楼"


def test_words_are_offered_as_a_whole() -> None:
    words = table()["words"]
    assert words["zhongguo"][0] == "中国"
    assert words["hengqin"] == ["横琴"]


def test_sounds_are_typed_with_plain_letters() -> None:
    assert all(sound.isascii() and sound.isalpha() and sound.islower() for sound in table()["characters"])
