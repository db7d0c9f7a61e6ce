"""What the on-screen keyboard needs to write Chinese: characters and words by their sound, the most usual first.

The sounds are pypinyin's. Only characters of GB 2312 are offered, which is what simplified Chinese is written with. How
usual a character is with a sound is counted in pypinyin's words; then the standard's first level comes before its
second.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, TypedDict

_TONES: Final = frozenset("\u0300\u0301\u0304\u030c")
_LENGTHS: Final = range(2, 4)
"""Of the words that are offered as a whole."""
_FIRST_LEVEL: Final = range(0xB0, 0xD8)
"""Rows of GB 2312 with the characters in daily use."""
_FIRST: Final = (
    "路街道巷号楼栋座层室房区市省村镇园"
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用行所然家种事成"
    "方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日水车"
)
"""Of their sound: what addresses are made of, and what everybody writes all the time."""
_LOCAL: Final = {
    "横琴": "hengqin",
    "珠海": "zhuhai",
    "澳门": "aomen",
    "香港": "xianggang",
    "氹仔": "dangzai",
    "路环": "luhuan",
    "情侣": "qinglv",
    "小区": "xiaoqu",
    "公寓": "gongyu",
    "单元": "danyuan",
    "大厦": "dasha",
    "花园": "huayuan",
    "路灯": "ludeng",
    "垃圾": "laji",
    "环境": "huanjing",
}
"""Words that people write here and pypinyin does not list."""


class Table(TypedDict):
    """Both by sound, without tones and with ``v`` for ``ü``, as they are typed."""

    characters: dict[str, str]
    words: dict[str, list[str]]


@cache
def table() -> Table:
    """The whole table. The first call takes some seconds and should not hold up anybody."""
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT  # noqa: PLC0415 (a kiosk starts sooner without it)

    counted: Counter[tuple[str, str]] = Counter()
    words: defaultdict[str, list[str]] = defaultdict(list)
    for word, sound in _LOCAL.items():
        words[sound].append(word)
    for word, sounds in _phrases(PHRASES_DICT.items()):
        sound = "".join(sounds)
        if len(word) in _LENGTHS and word not in words[sound] and all(map(_is_simplified, word)):
            words[sound].append(word)
            counted.update(zip(word, sounds, strict=True))
    return {
        "characters": _characters(PINYIN_DICT, counted),
        "words": {key: found for key, found in words.items() if found},
    }


def _phrases(listed: Iterable[tuple[str, list[list[str]]]]) -> Iterator[tuple[str, list[str]]]:
    for word, readings in listed:
        if len(word) == len(readings):
            yield word, [_as_typed(reading[0]) for reading in readings]


def _characters(listed: dict[int, str], counted: Counter[tuple[str, str]]) -> dict[str, str]:
    found: defaultdict[str, list[tuple[int, int, bool, str]]] = defaultdict(list)
    for code, sounds in listed.items():
        character = chr(code)
        if _is_simplified(character):
            usual, *others = dict.fromkeys(_as_typed(sound) for sound in sounds.split(","))
            found[usual].append(_rank(character, counted[character, usual], _FIRST.find(character)))
            for sound in others:
                found[sound].append(_rank(character, counted[character, sound]))
    return {sound: "".join(rank[-1] for rank in sorted(same)) for sound, same in sorted(found.items())}


def _rank(character: str, count: int, place: int = -1) -> tuple[int, int, bool, str]:
    return place if place >= 0 else len(_FIRST), -count, not _is_daily(character), character


@cache
def _as_typed(sound: str) -> str:
    parts = unicodedata.normalize("NFD", sound)
    return unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES)).replace("ü", "v")


@cache
def _is_simplified(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _is_daily(character: str) -> bool:
    return character.encode("gb2312")[0] in _FIRST_LEVEL
