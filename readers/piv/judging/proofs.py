"""What a key of a card did when challenged, in a form that its certificate can be held against."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm


@dataclass(frozen=True, slots=True)
class SignedDigest:
    """A signature over a digest: ECDSA in DER, or RSA with PKCS #1 v1.5."""

    digest: bytes
    signature: bytes

    def holds_for(self, public_key: CertificatePublicKeyTypes) -> bool:
        """Whether that key made it."""
        algorithm: HashAlgorithm = SHA384() if len(self.digest) == SHA384.digest_size else SHA256()
        try:
            if isinstance(public_key, ec.EllipticCurvePublicKey):
                public_key.verify(self.signature, self.digest, ec.ECDSA(Prehashed(algorithm)))
            elif isinstance(public_key, rsa.RSAPublicKey):
                public_key.verify(self.signature, self.digest, padding.PKCS1v15(), Prehashed(algorithm))
            else:
                return False
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class AgreedSecret:
    """What an ECDH with our ephemeral key gave."""

    ephemeral: ec.EllipticCurvePrivateKey = field(repr=False)
    secret: bytes = field(repr=False)

    def holds_for(self, public_key: CertificatePublicKeyTypes) -> bool:
        """Whether that key gives the same."""
        return (
            isinstance(public_key, ec.EllipticCurvePublicKey)
            and public_key.curve.name == self.ephemeral.curve.name
            and self.ephemeral.exchange(ec.ECDH(), public_key) == self.secret
        )


@dataclass(frozen=True, slots=True)
class RecoveredBlock:
    """A block that the card decrypted with plain RSA, and what we had encrypted for the certificate's key."""

    block: bytes = field(repr=False)
    answered: bytes = field(repr=False)

    def holds_for(self, public_key: CertificatePublicKeyTypes) -> bool:
        """Whether it is what had been encrypted; for that, the certificate's key was used already."""
        return isinstance(public_key, rsa.RSAPublicKey) and self.block == self.answered


@dataclass(frozen=True, slots=True)
class HeldKey:
    """The public half of a key that somebody is known to hold: a dump of a card whose keys are in files."""

    public_key: CertificatePublicKeyTypes

    def holds_for(self, public_key: CertificatePublicKeyTypes) -> bool:
        """Whether it is the same."""
        return self.public_key == public_key


@dataclass(frozen=True, slots=True)
class Refusal:
    """The card would not use the key."""

    detail: str

    def holds_for(self, public_key: CertificatePublicKeyTypes) -> bool:
        """It proves nothing."""
        del public_key
        return False
