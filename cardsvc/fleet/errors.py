"""What is refused about kiosks as machines.

ServiceError
├── KioskUnknown            there is no such kiosk
├── EnrolmentCodeUnknown    nobody was given this code here
├── EnrolmentCodeUsed       a kiosk was enrolled with it
├── EnrolmentCodeExpired    it is too old, or there is a newer one
├── EnrolmentProofRefused   the key that is to be enrolled did not sign for this code
├── FleetPlanNotFound       nobody drafted it, or none is in force
└── FleetPlanChangedMeanwhile
"""

from __future__ import annotations

from cardsvc.errors import ServiceError


class KioskUnknown(ServiceError):
    """Raised when no kiosk has this client id."""

    code = "kiosk-unknown"
    title = "There is no such kiosk"

    def __init__(self, client_id: str) -> None:
        super().__init__("No kiosk has this client id.", client_id=client_id)


class EnrolmentCodeUnknown(ServiceError):
    """Raised for a code that was not made here: a slip in typing, or another city's."""

    code = "enrolment-code-unknown"
    title = "This code lets no kiosk in"

    def __init__(self) -> None:
        super().__init__("Look whether the code was typed as it was shown, and whether the service is the right one.")


class EnrolmentCodeUsed(ServiceError):
    """Raised when another key was enrolled with the code already."""

    code = "enrolment-code-used"
    title = "A kiosk was enrolled with this code already"

    def __init__(self) -> None:
        super().__init__("If it was not this kiosk, disable it. Have another code made.")


class EnrolmentCodeExpired(ServiceError):
    """Raised when the code is too old, or another one was made after it."""

    code = "enrolment-code-expired"
    title = "The code is not good any more"

    def __init__(self) -> None:
        super().__init__("Have another code made.")


class EnrolmentProofRefused(ServiceError):
    """Raised when the request does not show that whoever sends it holds the key."""

    code = "enrolment-proof-refused"
    title = "The key is not shown to be the kiosk's"

    def __init__(self) -> None:
        super().__init__("Sign with the new key, for this code and this service, with a clock that is right.")


class FleetPlanNotFound(ServiceError):
    """Raised when no draft has this id, or no plan is in force."""

    code = "no-such-fleet-plan"
    title = "There is no such plan"

    def __init__(self) -> None:
        super().__init__("No draft has this id, or no plan for kiosks was published yet.")


class FleetPlanChangedMeanwhile(ServiceError):
    """Raised when another version came into force since the draft was written. Carries both versions."""

    code = "fleet-plan-changed-meanwhile"
    title = "Another version of the plan came into force meanwhile"

    def __init__(self, drafted_from: int, in_force: int) -> None:
        super().__init__(
            "Draft the change anew, from the version in force.", drafted_from=drafted_from, in_force=in_force
        )
