"""Pseudonyms: stable for a department, and of no use to another."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from cardsvc.departments.pseudonym import pseudonym
from cardsvc.trust.keystore import KeyName
from tests.fixtures.keystores import KnownKeys

KEYSTORE = KnownKeys({KeyName.SECTOR: bytes(range(32))})
CITIZEN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def test_a_pseudonym_is_what_openssl_makes_of_it() -> None:
    # { printf 'education\0'; printf 01890a5dac96774bbcceb302099a8057 | xxd -r -p; } |
    #   openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f -binary | basenc --base64url
    assert pseudonym(KEYSTORE, "education", CITIZEN) == "8YYUzRsojyVVsYVraPFe4ldvTJHCMdOrKSafRXAmgkg"


def test_it_is_always_the_same() -> None:
    assert pseudonym(KEYSTORE, "education", CITIZEN) == pseudonym(KEYSTORE, "education", CITIZEN)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a-b", "finance"]), st.uuids()), unique=True))
def test_no_two_departments_or_citizens_share_one(pairs: list[tuple[str, UUID]]) -> None:
    assert len({pseudonym(KEYSTORE, department, citizen) for department, citizen in pairs}) == len(pairs)


def test_another_key_gives_another_name() -> None:
    other = KnownKeys({KeyName.SECTOR: bytes(32)})

    assert pseudonym(other, "education", CITIZEN) != pseudonym(KEYSTORE, "education", CITIZEN)


def test_it_does_not_contain_the_citizen() -> None:
    citizen = uuid4()

    assert str(citizen) not in pseudonym(KEYSTORE, "education", citizen)
