"""Who signs for the log: its name and its key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from cardsvc.trust.keystore import KeyName, Keystore
from cardsvc.wire.notes import Checkpoint, NoteKey, Sign, sign_note


@dataclass(frozen=True)
class LogSigner:
    """Signs checkpoints and promises."""

    key: NoteKey
    sign: Sign = field(repr=False)

    @classmethod
    def of(cls, keystore: Keystore, issuer: str) -> Self:
        """The signer of the service with this name. Raises NoteInvalid for a name that notes cannot have."""
        private = keystore.ed25519_signer(KeyName.AUDIT_LOG)
        return cls(NoteKey(log_name(issuer), private.public_key()), private.sign)

    def checkpoint(self, size: int, root: bytes) -> str:
        """A signed checkpoint."""
        return self.note(Checkpoint(self.key.name, size, root).text())

    def note(self, text: str) -> str:
        """Signed text. Its first line tells what it is: only a checkpoint's is the name of the log alone."""
        return sign_note(text, self.key, self.sign)


def log_name(issuer: str) -> str:
    """The log's origin: a URL without scheme, as C2SP wants it, for example ``cards.example.org/audit``."""
    return re.sub(r"^https?://", "", issuer) + "/audit"
