"""What all attacks share: one that is made without its sting must be accepted, or it proves nothing.

An attack is a function that takes a genuine draft and a `Strike`, and asks the strike for each thing that it changes.
A blank strike gives the genuine thing back: the same code then makes what everybody may show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Generic, Protocol, TypeVar

import httpx

T = TypeVar("T")
D = TypeVar("D")
Cut = TypeVar("Cut", str, bytes)


@dataclass(frozen=True, slots=True)
class Strike:
    """One attempt."""

    random: Random
    blank: bool

    def pick(self, genuine: T, *forged: T) -> T:
        """One of the forged ones; the genuine one when this strike has no sting."""
        return genuine if self.blank else self.random.choice(forged)

    def change(self, genuine: T, forge: Callable[[T], T]) -> T:
        """What ``forge`` makes of it; the genuine one when this strike has no sting."""
        return genuine if self.blank else forge(genuine)


Forge = Callable[[D, Strike], None]


@dataclass(frozen=True, slots=True)
class Attack(Generic[D]):
    """A way to deceive whoever checks a draft."""

    family: str
    name: str
    forge: Forge[D]


class Book(Generic[D]):
    """The attacks on one kind of thing, in the order in which they are written down."""

    def __init__(self) -> None:
        self.attacks: list[Attack[D]] = []

    def __call__(self, family: str, name: str) -> Callable[[Forge[D]], Forge[D]]:
        """Decorates the function that forges."""

        def enter(forge: Forge[D]) -> Forge[D]:
            self.attacks.append(Attack(family, name, forge))
            return forge

        return enter


class Target(Protocol[D]):
    """Something that must be deceived by nothing."""

    @property
    def name(self) -> str:
        """For the report."""

    @property
    def attacks(self) -> Sequence[Attack[D]]:
        """All that are made on it."""

    def fresh(self, random: Random) -> D:
        """A genuine draft, not shown yet."""

    def show(self, drafts: Sequence[D]) -> Sequence[bool]:
        """Which ones are accepted."""

    def used(self, draft: D) -> D | None:
        """The genuine draft that is to be shown, and accepted, before this one; None without such a rehearsal."""

    def send(self, client: httpx.Client, draft: D) -> bool | None:
        """Whether it is accepted over HTTP; None where it cannot be shown like that."""


def flip_bit(raw: bytes, random: Random) -> bytes:
    """One bit is another."""
    at = random.randrange(len(raw) * 8)
    return raw[: at // 8] + bytes((raw[at // 8] ^ 1 << at % 8,)) + raw[at // 8 + 1 :]


def cut(whole: Cut, random: Random) -> Cut:
    """Without some of its end."""
    return whole[: random.randrange(len(whole))]


def stray_bits(text: str, random: Random) -> str:
    """Base64url whose bits beyond the last byte are not zero; where there are no such bits, of another last byte."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare, last = {2: 4, 3: 2}.get(len(text) % 4), alphabet.index(text[-1])
    other = (last + 1) % 64 if spare is None else last | random.randrange(1, 1 << spare)
    return text[:-1] + alphabet[other]


LOOK_ALIKES = str.maketrans("aceiopsxyk-1", "асеіорѕхук‐１")


def look_alike(name: str, random: Random) -> str:
    """A name that a person would take for it: one letter of another script, or something that is not seen."""
    places = [at for at, letter in enumerate(name) if letter.translate(LOOK_ALIKES) != letter]
    at = random.choice(places)
    invisible = name[:at] + random.choice("\u200b\u200d\ufeff\u00ad\u2060") + name[at:]
    return random.choice([name[:at] + name[at].translate(LOOK_ALIKES) + name[at + 1 :], invisible])


def near(name: str, random: Random) -> str:
    """A name that a careless comparison would take for it."""
    around = ("{} ", " {}", "{}/", "{}\0", "{}\n", "{}0", "{}#", "{}%00", "{},x", "{}?x=1", "{}.evil.example", "", "*")
    names = [name.upper(), name.title(), name[:-1], *(form.replace("{}", name) for form in around)]
    return random.choice(names)
