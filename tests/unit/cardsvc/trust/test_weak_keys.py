"""Keys that nobody should have, from where they were published."""

from __future__ import annotations

import base64
from math import lcm

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.trust.weak_keys import _ROCA_PRIMES, Weakness, has_roca_fingerprint, weakness_of

# crocs-muni/roca, the authors of the attack: roca/tests/data/mod01.txt and mod03.txt, made by affected cards.
ROCA_512 = int(
    "944e13208a280c37efc31c3114485e590192adbb8e11c87cad60cdef0037ce99"
    "278330d3f471a2538fa667802ed2a3c44a8b7dea826e888d0aa341fd664f7fa7",
    16,
)
ROCA_2048 = int(
    "9dcd7420e420c270a68060eb8b5aa7457a9f6648f86fafed2775cc1f79ae962f1e63f1b9e51c55f9ea6fdc7332e9b0058c9ff2eb1fc89855"
    "029cf6aafe21e689feb38ac9ffb12f1ce371bb5d0e9aae64161abce74b4244bf68f1edb4411f756a097c8929c14740245ea355f8332d1aa3"
    "6bb50c7dcb4505da8de02e4e53d38f8df06097da7524df0df93db48eac8cc4af2d3a16257eb2b2adca6ba464e5974fa92550d31b1babf161"
    "e7692d00b86e3dd886ecab4abfbe1a8f8cc263ff4af55cdb45f4249a5193925f5e983d762f0b6800943eb0267b08f42ed311ce1f5c86eacb"
    "c8ce4d3cb7a2fee1ef5641423a1cf4114e5ecf50034a60a412523af9e6f4aa11",
    16,
)
# The same project's test_fake_mods: powers modulo each prime alone, and not with one exponent for all.
ALMOST_ROCA = [
    72414128973967872688332736535017614208620368242015797102796086827882754006260204061799547004983731426777596445658889886861027045033760014948048067467947960318205453778973975867532910489227970143091184725760290172935872752222320334100097730483600892686353719855397381316384244147860260153198611313067061116317,
    138345973265163614694352477004469191286459111070564516299381495188624946671065451924677704628892476011773201612117597303315530745738015579159106259811204610647347662150159814774894784524366138220226431598991937057442020694466365850170057813627445465881816985939192840583168136876337135351417253708364245923133,
    60828061238058485055546209519792949600733446820687109700021551748017165461584398468231416589035982737511901116540885252089750919566836183252857475484338913841291095222387779067564971983760619814471104385614285949705697261702933899278537712383849527252611987939947273446907728942539157463443880598175266703887,
]  # fmt: skip

# Private keys that specifications print as examples: the public halves, as printed there.
PUBLISHED = {
    "RFC 7515 A.3": ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
    "RFC 7517 A.2": ("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"),
    "RFC 9421 B.1.3": ("qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA", "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0"),
}
RFC_6979_A_2_5 = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
RFC_8152_C_7 = 0xAFF907C99F9AD3AAE6C4CDF21122BCE2BD68B5283E6907154AD911840FA208CF
ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "="))


def rsa_key(modulus: int, exponent: int = 65537) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


@pytest.mark.parametrize("modulus", [ROCA_512, ROCA_2048])
def test_moduli_of_affected_cards_are_known_by_their_fingerprint(modulus: int) -> None:
    assert has_roca_fingerprint(modulus)


@pytest.mark.parametrize("modulus", ALMOST_ROCA)
def test_moduli_that_only_look_like_it_are_not(modulus: int) -> None:
    for prime in _ROCA_PRIMES:
        assert modulus % prime in {pow(65537, exponent, prime) for exponent in range(prime)}
    assert not has_roca_fingerprint(modulus)


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_products_of_powers_have_the_fingerprint(one: int, other: int) -> None:
    modulus = lcm(*_ROCA_PRIMES)
    assert has_roca_fingerprint(pow(65537, one, modulus) * pow(65537, other, modulus))


def test_a_key_with_the_fingerprint_is_weak() -> None:
    assert weakness_of(rsa_key(ROCA_2048)) is Weakness.ROCA


def test_a_fresh_key_is_not_weak() -> None:
    assert weakness_of(rsa.generate_private_key(65537, 2048).public_key()) is None
    assert weakness_of(ec.generate_private_key(ec.SECP256R1()).public_key()) is None


def test_rsa_keys_are_2048_bits_long_at_least() -> None:
    assert weakness_of(rsa_key(ROCA_512)) is Weakness.KIND


@pytest.mark.parametrize("exponent", [3, 17, 65535])
def test_small_exponents_are_refused(exponent: int) -> None:
    modulus = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
    assert weakness_of(rsa_key(modulus, exponent)) is Weakness.EXPONENT


def test_small_factors_are_found() -> None:
    modulus = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
    assert weakness_of(rsa_key(modulus * 751)) is Weakness.SMALL_FACTORS


def test_factors_close_to_each_other_are_found() -> None:
    """Both are primes, as `openssl prime` says."""
    modulus = (2**1024 + 643) * (2**1024 + 1081)
    assert weakness_of(rsa_key(modulus)) is Weakness.CLOSE_FACTORS


@pytest.mark.parametrize("coordinates", PUBLISHED.values(), ids=PUBLISHED)
def test_examples_of_specifications_are_known(coordinates: tuple[str, str]) -> None:
    x, y = map(number, coordinates)
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    assert weakness_of(key) is Weakness.PUBLISHED


@pytest.mark.parametrize("private", [RFC_6979_A_2_5, RFC_8152_C_7, 1, 2, 1024, ORDER_OF_P256 - 1, ORDER_OF_P256 - 1024])
def test_private_numbers_that_are_printed_or_guessed_are_known(private: int) -> None:
    assert weakness_of(ec.derive_private_key(private, ec.SECP256R1()).public_key()) is Weakness.PUBLISHED


@pytest.mark.parametrize("curve", [ec.SECP192R1(), ec.SECP256K1()])
def test_other_curves_are_refused(curve: ec.EllipticCurve) -> None:
    assert weakness_of(ec.generate_private_key(curve).public_key()) is Weakness.KIND


def test_a_point_off_the_curve_is_no_key() -> None:
    x, y = map(number, PUBLISHED["RFC 7515 A.3"])
    with pytest.raises(ValueError, match=r"[Ii]nvalid"):
        ec.EllipticCurvePublicNumbers(x, y ^ 1, ec.SECP256R1()).public_key()
