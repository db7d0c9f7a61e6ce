"""How names are read and compared. The readings of surnames are those of 現代漢語詞典, by people of that name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.citizens import names

KNOWN = {
    "单雄信": "shan xiong xin",
    "曾国藩": "zeng guo fan",
    "仇英": "qiu ying",
    "解缙": "xie jin",
    "查慎行": "zha shen xing",
    "任正非": "ren zheng fei",
    "区寄": "ou ji",
    "朴志成": "piao zhi cheng",
    "翟志刚": "zhai zhi gang",
    "覃塘": "qin tang",
    "乐毅": "yue yi",
    "尉迟恭": "yu chi gong",
    "万俟卨": "mo qi xie",
    "长孙无忌": "zhang sun wu ji",
    "欧阳修": "ou yang xiu",
    "陳美玲": "chen mei ling",
    "吕布": "lu bu",
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_likeliest_reading_is_the_one_people_use(name: str) -> None:
    assert names.pinyin_key("".join(names.readings(name)[0])) == KNOWN[name].replace(" ", "")


def test_other_readings_are_kept() -> None:
    assert {syllables[0] for syllables in names.readings("单雄信")} == {"shan", "dan", "chan"}


def test_a_long_name_has_a_bounded_number_of_readings() -> None:
    assert len(names.readings("单行长重乐曾解查" * 12)) <= names.MAX_READINGS


def test_latin_letters_have_no_readings() -> None:
    assert names.readings("CHAN MEI LENG") == ()
    assert names.readings("") == ()


@pytest.mark.parametrize(
    "typed", ["Lǚ Měi-líng", "lv mei ling", "LYU Meiling", "lü3 mei3 ling2", "lumeiling", " Lü  MEI ling "]
)
def test_tones_spaces_case_and_the_ways_to_write_u_umlaut_make_no_difference(typed: str) -> None:
    assert names.pinyin_key(typed) == "lumeiling"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("João da Silva", "JOAO DA SILVA"),
        ("ＣＨＡＮ", "chan"),
        ("O'Neill", "O’NEILL"),
        ("陳 美玲", "陳美玲"),
        ("ß", "SS"),
    ],
)
def test_folding(one: str, other: str) -> None:
    assert names.fold(one) == names.fold(other)


def test_what_differs_stays_different() -> None:
    assert names.fold("陳美玲") != names.fold("陈美玲")  # found by their sound
    assert names.fold("Chan") != names.fold("Chang")


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    once = names.fold(text)
    assert names.fold(once) == once
    assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize(
    ("one", "other"),
    [("張偉", "章薇"), ("林静", "凌晶"), ("朱思", "租诗"), ("李娜", "倪拉")],
)
def test_what_sounds_alike_to_some_blurs_to_the_same(one: str, other: str) -> None:
    blurred = [{names.blur(reading) for reading in names.readings(name)} for name in (one, other)]
    assert blurred[0] & blurred[1]


def test_initials() -> None:
    assert names.initials(("chen", "mei", "ling")) == "cml"
