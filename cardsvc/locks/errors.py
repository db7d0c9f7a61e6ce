"""What is refused because of a lock, or about one.

ServiceError
├── ProofRefused
│   └── LockedByCitizen       the citizen locked the card for this department or this level (carries which)
└── IdentityNotShown          whoever wants a lock lifted at the desk is not the citizen
"""

from __future__ import annotations

from cardsvc.authentication.errors import ProofRefused
from cardsvc.errors import ServiceError
from cardsvc.wire.levels import Level


class LockedByCitizen(ProofRefused):
    """Raised, or given back for a card's answer, when the citizen does not want this. Carries what is locked."""

    code = "locked-by-citizen"
    title = "The citizen has locked the card for this"

    def __init__(self, *, department: str | None = None, level: Level | None = None) -> None:
        what = {} if department is None else {"department": department}
        what |= {} if level is None else {"level": level.value}
        super().__init__("Only the citizen can unlock it, at a kiosk with the PIN or at the desk.", **what)


class IdentityNotShown(ServiceError):
    """Raised when the document that was shown at the desk is not the citizen's."""

    code = "identity-not-shown"
    title = "This is not the citizen's document"

    def __init__(self) -> None:
        super().__init__("Ask the citizen for the document that they are enrolled with.")
