"""Attacks on the two numbers that a card's signature is, whatever it signed: a proof, or a tap without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tests.attack import der
from tests.attack.proofs import always
from tests.attack.strikes import Book, Strike


class Signed(Protocol):
    """A draft that a card signs."""

    encode: Callable[[bytes], bytes]
    """What becomes of the signature's DER."""


attack: Book[Signed] = Book()


@attack("forged", "random numbers, and those that some verifiers take for anything")
def invented(draft: Signed, strike: Strike) -> None:
    n, random = der.P256_ORDER, strike.random
    special = [(0, 0), (1, 1), (n, n), (0, 1), (1, 0), (n - 1, 1), (1, n - 1), (2**256, 2**256), (n + 1, n + 1)]
    pairs = [*special, (random.randrange(1, n), random.randrange(1, n))]
    draft.encode = strike.pick(draft.encode, *(always(der.signature(*pair)) for pair in pairs))


@attack("der", "numbers out of their range")
def other_numbers(draft: Signed, strike: Strike) -> None:
    draft.encode = lambda genuine: strike.change(genuine, lambda raw: der.other_numbers(raw, strike.random))


@attack("der", "the right numbers in another encoding")
def other_encodings(draft: Signed, strike: Strike) -> None:
    draft.encode = lambda genuine: strike.change(genuine, lambda raw: der.other_encodings(raw, strike.random))
