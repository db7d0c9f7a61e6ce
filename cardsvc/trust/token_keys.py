"""Private keys that stay where they are, in the shape that `cryptography` takes for signing.

`cryptography` signs certificates, revocation lists and OCSP answers with whatever is an `EllipticCurvePrivateKey`: it
asks for the public key and for a signature, and never for the private number. These classes give it both, and leave
the signing to a function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.utils import Buffer

SignDigest = Callable[[bytes], bytes]
"""ECDSA over a digest as it is: r and s, each as long as the curve's order."""
SignMessage = Callable[[bytes], bytes]
"""Ed25519 over a message: 64 bytes."""

_WHY: Final = "this key does not leave its token"


class KeyStaysInToken(TypeError):
    """Raised when somebody asks a key for itself."""

    def __init__(self) -> None:
        super().__init__(_WHY)


class TokenEcKey(ec.EllipticCurvePrivateKey):
    """An ECDSA key in a token. Copies are the same key."""

    def __init__(self, public_key: ec.EllipticCurvePublicKey, sign_digest: SignDigest) -> None:
        self._public_key = public_key
        self._sign_digest = sign_digest

    @property
    def curve(self) -> ec.EllipticCurve:
        """As of the public key."""
        return self._public_key.curve

    @property
    def key_size(self) -> int:
        """In bits."""
        return self._public_key.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """May be known to anybody."""
        return self._public_key

    def sign(self, data: Buffer, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """ECDSA, DER. The digest is made here, since not every token makes one."""
        algorithm = signature_algorithm.algorithm
        digest = bytes(data) if isinstance(algorithm, Prehashed) else _digest(bytes(data), algorithm)
        if len(digest) != algorithm.digest_size or 8 * len(digest) > self.key_size:
            raise ValueError("the digest does not fit the algorithm or the key")
        signature = self._sign_digest(digest)
        half = len(signature) // 2
        return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))

    def exchange(self, *_: object, **__: object) -> NoReturn:
        """Not with a key that signs."""
        raise KeyStaysInToken

    def private_numbers(self) -> NoReturn:
        """Never."""
        raise KeyStaysInToken

    def private_bytes(self, *_: object, **__: object) -> NoReturn:
        """Never."""
        raise KeyStaysInToken

    def __copy__(self) -> TokenEcKey:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> TokenEcKey:
        return self


class TokenEd25519Key(Ed25519PrivateKey):
    """An Ed25519 key in a token. Copies are the same key."""

    def __init__(self, public_key: Ed25519PublicKey, sign_message: SignMessage) -> None:
        self._public_key = public_key
        self._sign_message = sign_message

    def public_key(self) -> Ed25519PublicKey:
        """May be known to anybody."""
        return self._public_key

    def sign(self, data: Buffer) -> bytes:
        """RFC 8032."""
        return self._sign_message(bytes(data))

    def private_bytes(self, *_: object, **__: object) -> NoReturn:
        """Never."""
        raise KeyStaysInToken

    def private_bytes_raw(self) -> NoReturn:
        """Never."""
        raise KeyStaysInToken

    def __copy__(self) -> TokenEd25519Key:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> TokenEd25519Key:
        return self


def _digest(data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()
