"""The management key (9B), with which an issuer administers a card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from readers.piv.identifiers import Algorithm


@dataclass(frozen=True, slots=True)
class ManagementKey:
    """A symmetric key and its algorithm (SP 800-78-5 table 8). ``repr`` hides the key.

    Raises ValueError when the algorithm is not symmetric or the length is not its own.
    """

    algorithm: Algorithm
    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        size = KEY_SIZES.get(self.algorithm)
        if size is None:
            raise ValueError(f"{self.algorithm.name} is no algorithm of a management key")
        if len(self.value) != size:
            raise ValueError(f"a {self.algorithm.name} key has {size} bytes, got {len(self.value)}")

    @property
    def block_size(self) -> int:
        """Bytes of a challenge: one cipher block."""
        return BLOCK_SIZES[self.algorithm]

    def encrypt(self, block: bytes) -> bytes:
        """One block, in ECB as the card command interface wants it."""
        encryptor = Cipher(self._cipher(), modes.ECB()).encryptor()  # noqa: S305 - one random block, SP 800-73-5
        return encryptor.update(block) + encryptor.finalize()

    def decrypt(self, block: bytes) -> bytes:
        """The reverse of `encrypt`."""
        decryptor = Cipher(self._cipher(), modes.ECB()).decryptor()  # noqa: S305 - one random block, SP 800-73-5
        return decryptor.update(block) + decryptor.finalize()

    def _cipher(self) -> CipherAlgorithm:
        # 3DES only for cards that are delivered with such a key; the service sets AES.
        return TripleDES(self.value) if self.algorithm is Algorithm.TDES else AES(self.value)


KEY_SIZES: Final = {
    Algorithm.TDES: 24,
    Algorithm.AES_128: 16,
    Algorithm.AES_192: 24,
    Algorithm.AES_256: 32,
}
"""Bytes of a key by algorithm."""

BLOCK_SIZES: Final = {algorithm: 8 if algorithm is Algorithm.TDES else 16 for algorithm in KEY_SIZES}
"""Bytes of a cipher block by algorithm."""
