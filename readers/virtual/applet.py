"""What the commands of the card work on: the lasting state, the state of this session, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from readers.apdu import CommandApdu
from readers.status import KnownStatus
from readers.virtual.profiles import CardProfile
from readers.virtual.state import CardState, KeySlot, PinPolicy
from readers.virtual.store import StateStore

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
RandomBytes = Callable[[int], bytes]


class Refused(Exception):
    """Raised by a command that is not carried out; the card answers with the status word."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


def require(condition: object, otherwise: KnownStatus) -> None:
    """Refuse with ``otherwise`` unless the condition holds."""
    if not condition:
        raise Refused(otherwise)


@dataclass(slots=True)
class Session:
    """What the card forgets at reset."""

    selected: bool = False
    manager_selected: bool = False
    """The card manager, which knows the chip."""
    confused: bool = False
    """A chain was too long; the next command fails (`CardProfile.max_links`)."""
    pin_verified: bool = False
    pin_just_verified: bool = False
    """The command before this one was a successful VERIFY: what "PIN always" asks for."""
    management_authenticated: bool = False
    challenge: tuple[int, bytes] | None = field(default=None, repr=False)
    """Tag and bytes of what the host has to answer next in the handshake with 9B."""


@dataclass(slots=True)
class Applet:
    """The PIV application of one card."""

    store: StateStore
    contactless: bool
    random: RandomBytes
    session: Session = field(default_factory=Session)
    _loaded: dict[bytes, PrivateKey] = field(default_factory=dict, repr=False)

    @property
    def state(self) -> CardState:
        return self.store.state

    @property
    def profile(self) -> CardProfile:
        return self.store.state.profile

    def require_contact(self) -> None:
        """Refuse over contactless: there is no virtual contact interface (SP 800-73-5 part 2 §2.4.3)."""
        require(not self.contactless, KnownStatus.SECURITY_STATUS_NOT_SATISFIED)

    def require_management(self) -> None:
        """Refuse unless the management key has been shown in this session, on the contact interface."""
        self.require_contact()
        require(self.session.management_authenticated, KnownStatus.SECURITY_STATUS_NOT_SATISFIED)

    def require_pin(self, policy: PinPolicy) -> None:
        """Refuse unless the PIN has been given as ``policy`` wants it."""
        session = self.session
        satisfied = {
            PinPolicy.NEVER: True,
            PinPolicy.ONCE: session.pin_verified,
            PinPolicy.ALWAYS: session.pin_verified and session.pin_just_verified,
        }
        require(satisfied[policy], KnownStatus.SECURITY_STATUS_NOT_SATISFIED)

    def private_key(self, slot: KeySlot) -> PrivateKey:
        """The key of a slot, ready to use; decoding it costs more than a signature, so it is kept."""
        key = self._loaded.get(slot.private)
        if key is None:
            loaded = load_der_private_key(slot.private, password=None)
            if not isinstance(loaded, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
                raise Refused(KnownStatus.EXECUTION_ERROR)
            key = self._loaded[slot.private] = loaded
        return key


Handler = Callable[[Applet, CommandApdu], bytes]
"""A command: gives the data of the answer, or raises Refused."""
