"""Names as they are compared: written in Chinese or Latin letters, spoken, shortened.

Everything here is text to text and knows no person. Tones, spaces, case, accents, hyphens and the two ways to write ü
make no difference; characters with several readings have them all, surnames first as surnames are read
(单 Shàn, 曾 Zēng, 仇 Qiú).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice, product
from typing import Final

MAX_READINGS: Final = 32
"""Of one name. Three characters with three readings each are 27."""

Syllables = tuple[str, ...]

_SURNAMES: Final[Mapping[str, str]] = {
    "单": "shan", "單": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "查": "zha", "任": "ren", "华": "hua",
    "華": "hua", "区": "ou", "區": "ou", "朴": "piao", "翟": "zhai", "缪": "miao", "繆": "miao", "折": "she",
    "秘": "bi", "种": "chong", "冼": "xian", "员": "yun", "員": "yun", "召": "shao", "覃": "qin", "乐": "yue",
    "樂": "yue", "燕": "yan", "过": "guo", "那": "na", "宓": "mi", "祭": "zhai", "纪": "ji", "葛": "ge",
    "盖": "ge", "蓋": "ge", "应": "ying", "應": "ying", "谌": "chen", "柏": "bai", "牟": "mu", "都": "du",
    "宁": "ning", "句": "gou", "繁": "po", "黑": "he", "沈": "shen", "石": "shi", "车": "che", "車": "che",
}  # fmt: skip
"""Characters whose most frequent reading is not the one they have as a surname (or whose readings are easily taken for
another). Only the order of the readings depends on it: the others are kept too."""
_TWO_CHARACTERS: Final[Mapping[str, Syllables]] = {
    "万俟": ("mo", "qi"), "尉迟": ("yu", "chi"), "尉遲": ("yu", "chi"), "长孙": ("zhang", "sun"),
    "長孫": ("zhang", "sun"), "澹台": ("tan", "tai"), "单于": ("chan", "yu"), "單于": ("chan", "yu"),
}  # fmt: skip
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_INITIALS_BLURRED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
"""What speakers from the south hear as the same."""


def has_han(text: str) -> bool:
    """Whether any of it is written in Chinese characters."""
    return _HAN.search(text) is not None


def fold(text: str) -> str:
    """Letters and digits alone, without case or accents (NFKC, then the letters of NFD)."""
    compatible = unicodedata.normalize("NFKC", text).casefold()
    letters = unicodedata.normalize("NFD", compatible)
    return unicodedata.normalize("NFC", "".join(letter for letter in letters if letter.isalnum()))


def words(text: str) -> list[str]:
    """The folded words of a name in Latin letters."""
    return [folded for word in re.split(r"[\s,.·'’-]+", text) if (folded := fold(word))]


def pinyin_key(text: str) -> str:
    """How a name sounds as somebody may type it: ``Lǚ Měi-líng``, ``lv mei ling``, ``LYU Meiling``, ``lü3 mei3``."""
    letters = re.sub(r"[^a-z]", "", fold(text)).replace("v", "u")
    return re.sub(r"([ln])yu", r"\1u", letters)


@lru_cache(1024)
def readings(name: str) -> tuple[Syllables, ...]:
    """How the Chinese characters of a name may be read, likeliest first, at most `MAX_READINGS`."""
    characters = "".join(_HAN.findall(unicodedata.normalize("NFKC", name)))
    if not characters:
        return ()
    likeliest = islice(product(*_readings_of_each(characters)), MAX_READINGS - 1)
    spoken = tuple(_by_words(characters))  # words are known to it: 重庆 is chong qing
    return tuple(dict.fromkeys((*islice(likeliest, 1), spoken, *likeliest)))


def _readings_of_each(characters: str) -> Iterator[tuple[str, ...]]:
    surname = _TWO_CHARACTERS.get(characters[:2], ()) if len(characters) > 2 else ()
    for position, character in enumerate(characters):
        every = _by_itself(character)
        if position < len(surname):
            every = [surname[position], *every]
        elif position == 0 and character in _SURNAMES:
            every = [_SURNAMES[character], *every]
        yield tuple(dict.fromkeys(every))


def _by_words(characters: str) -> list[str]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415 (it reads 47,000 words: every process would start later for it)

    return lazy_pinyin(characters)


def _by_itself(character: str) -> list[str]:
    from pypinyin import Style, pinyin  # noqa: PLC0415 (likewise)

    return pinyin(character, style=Style.NORMAL, heteronym=True)[0]


def blur(syllables: Syllables) -> str:
    """A sound as it may be heard: zh, ch, sh as z, c, s; n as l; ng as n."""
    return "".join(_blurred(pinyin_key(syllable)) for syllable in syllables)


def _blurred(syllable: str) -> str:
    for heard, kept in _INITIALS_BLURRED:
        if syllable.startswith(heard):
            syllable = kept + syllable.removeprefix(heard)
            break
    return re.sub(r"ng$", "n", syllable)


def initials(syllables: Syllables) -> str:
    """The first letter of each."""
    return "".join(syllable[0] for syllable in syllables if syllable)
