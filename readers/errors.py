"""What can go wrong between us and a card.

    ReaderError
    ├── PcscUnavailable         no PC/SC on this machine: not installed, or not running
    ├── NoSuchReader            the reader asked for is not there
    │   └── AmbiguousReader         ... since several would do
    ├── NoCard                  there is no card in the reader
    ├── CardRemoved             the card went away in the middle of something: what it did is unknown
    ├── CardReset               another process reset the card: select and ask for the PIN again
    ├── CardBusy                another process holds the card
    ├── CardMute                the card does not answer
    │   └── CardStuck           ... in time, and holds the reader until it is removed or the reader reset
    ├── WorkerEnded             the process that works the reader ended in the middle of something
    ├── ReaderFailed            PC/SC itself failed in a way that has no name of its own (carries its code)
    ├── CardNotAuthenticated    the card could not prove that it holds its key: another card, or a fake
    ├── CardInconsistent        what the card holds does not belong together, for example another card's certificate
    ├── PathError               a certificate is not to be trusted now (carries it)
    │   ├── CertificateUntrusted    no path leads to a trust anchor
    │   │   └── CertificateForged       ... since those who are named as issuers did not sign
    │   ├── CertificateExpired      the path is right, but it or an issuer has expired
    │   ├── CertificateNotYetValid  the path is right, but begins later
    │   ├── CertificateRevoked      it or an issuer was revoked (carries why and when)
    │   ├── RevocationUnknown       the path is right, but whether it was revoked cannot be told
    │   ├── CertificatePolicyMissing  the path is right, but not under a policy that is accepted
    │   └── CertificateUnfit        the path is right, but the certificate is not for this
    ├── ProtocolError           the card's answer makes no sense
    │   ├── MalformedTlv        ... because its BER-TLV is broken
    │   └── SignerUnknown       ... because the certificate of who signed something is nowhere to be found
    └── CardError               the card refused a command (carries the status word)
        ├── NotAPivCard         the PIV application cannot be selected
        ├── ObjectNotFound      the card has no such data object
        ├── SecurityNotSatisfied  the command needs a PIN or a key first, or another interface
        │   └── ContactlessForbidden  ... and was not even sent, since it has no place on a contactless interface
        ├── WrongPin            the PIN is wrong (carries the tries left)
        └── PinBlocked          no tries are left

Each says what became of the command (`Outcome`): after UNKNOWN a card is read again before anything is written.
Errors carry data; the sentence for a citizen is chosen where it is shown.
No error ever carries the bytes of a command, since a command can hold a PIN.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from cryptography import x509

from readers.status import StatusWord


class Outcome(StrEnum):
    """What became of the command that an error is about."""

    NOT_SENT = "not sent"
    ANSWERED = "answered"
    UNKNOWN = "unknown: re-read before writing"
    """It may have been carried out or not."""


class ReaderError(Exception):
    """Base of all errors of the reader layer."""

    outcome = Outcome.UNKNOWN


class PcscUnavailable(ReaderError):
    """Raised when PC/SC cannot be used: pyscard or libpcsclite missing, or pcscd not running."""


class NoSuchReader(ReaderError):
    """Raised when no reader, or not exactly one, fits the wanted name. Carries the names that are there."""

    outcome = Outcome.NOT_SENT

    def __init__(self, wanted: str | None, present: tuple[str, ...] = ()) -> None:
        """``wanted`` is None where any reader would do and there is none."""
        seen = ", ".join(present) if present else "none"
        message = (
            "no reader is connected" if wanted is None else f"no reader called {wanted!r}; readers present: {seen}"
        )
        super().__init__(message)
        self.wanted = wanted
        self.present = present


class AmbiguousReader(NoSuchReader):
    """Raised when several readers fit what was asked for. Carries their names."""

    def __init__(self, wanted: str, present: tuple[str, ...]) -> None:
        super().__init__(wanted, present)
        self.args = (f"several readers fit {wanted!r}: {', '.join(present)}",)


class NoCard(ReaderError):
    """Raised when the reader is empty."""

    outcome = Outcome.NOT_SENT


class CardRemoved(ReaderError):
    """Raised when the card vanished during a command. The command may or may not have been carried out."""


class CardReset(ReaderError):
    """Raised when another process reset the card since our last command."""

    outcome = Outcome.NOT_SENT


class CardBusy(ReaderError):
    """Raised when another process holds the card exclusively. Carries the programs that may be it, as far as seen."""

    outcome = Outcome.NOT_SENT

    def __init__(self, detail: str, holders: tuple[str, ...] = ()) -> None:
        """``holders`` are names and numbers of processes."""
        super().__init__(f"{detail}; perhaps {', '.join(holders)}" if holders else detail)
        self.detail = detail
        self.holders = holders


class CardMute(ReaderError):
    """Raised when the card does not answer to reset or to a command."""


class CardStuck(CardMute):
    """Raised when the card gave no answer within the limit for the command, and while it goes on holding the reader.

    The process that worked the reader was ended. Carries what it was doing, and what became of that.
    """

    def __init__(self, doing: str, outcome: Outcome) -> None:
        super().__init__(f"{doing}: no answer in time; take the card out or reset the reader")
        self.doing = doing
        self.outcome = outcome


class WorkerEnded(ReaderError):
    """Raised when the process that works the reader ended by itself. Carries what it was doing."""

    def __init__(self, doing: str, outcome: Outcome) -> None:
        super().__init__(f"{doing}: the process of the reader ended")
        self.doing = doing
        self.outcome = outcome


class ReaderFailed(ReaderError):
    """Raised when PC/SC reports an error without a meaning of its own for us. Carries the PC/SC code."""

    def __init__(self, code: int, doing: str) -> None:
        super().__init__(f"{doing}: PC/SC error 0x{code & 0xFFFFFFFF:08X}")
        self.code = code & 0xFFFFFFFF
        self.doing = doing


class CardNotAuthenticated(ReaderError):
    """Raised when the card's proof that it holds a key is wrong: a signature, or its half of the 9B authentication."""


class CardInconsistent(ReaderError):
    """Raised when parts of a card contradict each other, for example a certificate that names another card UUID."""


class PathError(ReaderError):
    """Raised when a certificate is not to be trusted. Carries it; the message does not name its subject."""

    reason = "the certificate is not to be trusted"

    def __init__(self, certificate: x509.Certificate, detail: str = "") -> None:
        super().__init__(f"{self.reason}: {detail}" if detail else self.reason)
        self.certificate = certificate


class CertificateUntrusted(PathError):
    """Raised when no path leads to a trust anchor, at whatever time."""

    reason = "no path leads from the certificate to a trust anchor"


class CertificateForged(CertificateUntrusted):
    """Raised when authorities of the issuer's name are known, and none of them signed the certificate it carries."""

    reason = "a certificate is not signed by the issuer that it names"


class CertificateExpired(PathError):
    """Raised when a certificate of an otherwise right path has expired. Carries that certificate."""

    reason = "a certificate of the path has expired"


class CertificateNotYetValid(PathError):
    """Raised when a certificate of an otherwise right path is not valid yet. Carries that certificate."""

    reason = "a certificate of the path is not valid yet"


class CertificateRevoked(PathError):
    """Raised when a certificate of an otherwise right path was revoked. Carries it, the reason and the time."""

    reason = "a certificate of the path was revoked"

    def __init__(self, certificate: x509.Certificate, why: x509.ReasonFlags, since: datetime) -> None:
        super().__init__(certificate, why.value)
        self.why = why
        self.since = since


class RevocationUnknown(PathError):
    """Raised when no current revocation list tells about a certificate. That is not to say that it is not valid."""

    reason = "whether a certificate of the path was revoked cannot be told"


class CertificatePolicyMissing(PathError):
    """Raised when the path is right, but holds under none of the policies that are accepted."""

    reason = "the certificate holds under no accepted policy"


class CertificateUnfit(PathError):
    """Raised when the path is right and the certificate is not for the use at hand."""

    reason = "the certificate is not for this use"


class ProtocolError(ReaderError):
    """Raised when a card's answer breaks the protocol, for example an answer of one byte."""


class MalformedTlv(ProtocolError):
    """Raised when bytes that should be BER-TLV are not."""


class SignerUnknown(ProtocolError):
    """Raised when something on a card is signed by a key whose certificate neither it nor the card holds."""


class CardError(ReaderError):
    """Raised when the card answers a command with an error status. Carries the status word."""

    outcome = Outcome.ANSWERED

    def __init__(self, status: StatusWord, doing: str) -> None:
        super().__init__(f"{doing}: the card answered {status}")
        self.status = status
        self.doing = doing


class NotAPivCard(CardError):
    """Raised when SELECT does not find the PIV application."""


class ObjectNotFound(CardError):
    """Raised when GET DATA answers 6A82: the object does not exist or is empty."""


class SecurityNotSatisfied(CardError):
    """Raised on 6982: a PIN or a key is needed first, or this interface may not do it."""


class ContactlessForbidden(SecurityNotSatisfied):
    """Raised instead of sending a PIN or an administration command over a contactless interface.

    SP 800-73-5 part 1 §5.5 lets neither pass in the clear. A card would answer 6982, so that is the status it carries;
    nothing was transmitted.
    """

    outcome = Outcome.NOT_SENT

    def __init__(self, doing: str) -> None:
        super().__init__(StatusWord(0x6982), doing)
        self.args = (f"{doing}: not sent, since it is forbidden over a contactless reader",)


class WrongPin(CardError):
    """Raised on 63Cx. Carries the tries left, which is at least one."""

    def __init__(self, status: StatusWord, doing: str, tries_left: int) -> None:
        super().__init__(status, doing)
        self.args = (f"{doing}: wrong, {tries_left} {'try' if tries_left == 1 else 'tries'} left",)
        self.tries_left = tries_left


class PinBlocked(CardError):
    """Raised on 6983 and on 63C0: the PIN or PUK has no tries left."""

    def __init__(self, status: StatusWord, doing: str) -> None:
        super().__init__(status, doing)
        self.args = (f"{doing}: blocked, no tries left",)
