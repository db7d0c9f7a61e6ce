from __future__ import annotations

import pytest

from readers.piv.identifiers import Algorithm
from readers.piv.management_key import ManagementKey

FIPS_197_PLAIN = "00112233445566778899AABBCCDDEEFF"


@pytest.mark.parametrize(
    ("algorithm", "key", "plain", "encrypted"),
    [
        # FIPS 197 appendix C.1 to C.3
        (Algorithm.AES_128, bytes(range(16)), FIPS_197_PLAIN, "69C4E0D86A7B0430D8CDB78070B4C55A"),
        (Algorithm.AES_192, bytes(range(24)), FIPS_197_PLAIN, "DDA97CA4864CDFE06EAF70A0EC0D7191"),
        (Algorithm.AES_256, bytes(range(32)), FIPS_197_PLAIN, "8EA2B7CA516745BFEAFC49904B496089"),
        # SP 800-67 revision 2 appendix B.1, first block
        (
            Algorithm.TDES,
            bytes.fromhex("0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123"),
            "5468652071756663",
            "A826FD8CE53B855F",
        ),
    ],
)
def test_published_vectors(algorithm: Algorithm, key: bytes, plain: str, encrypted: str) -> None:
    management_key = ManagementKey(algorithm, key)
    assert management_key.encrypt(bytes.fromhex(plain)).hex().upper() == encrypted
    assert management_key.decrypt(bytes.fromhex(encrypted)).hex().upper() == plain
    assert management_key.block_size == len(plain) // 2


@pytest.mark.parametrize(
    ("algorithm", "size"), [(Algorithm.AES_128, 24), (Algorithm.TDES, 16), (Algorithm.ECC_P256, 32)]
)
def test_keys_of_another_size_or_kind(algorithm: Algorithm, size: int) -> None:
    with pytest.raises(ValueError, match=algorithm.name):
        ManagementKey(algorithm, bytes(size))


def test_it_does_not_show_itself() -> None:
    key = ManagementKey(Algorithm.AES_128, b"sixteen secrets!")
    assert "secrets" not in repr(key)
    assert b"sixteen secrets!".hex() not in repr(key)
