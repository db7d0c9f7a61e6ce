"""Every service of the city: what is entered there, and what its department's own database has to show for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, cast

from cardsvc.wire.manifest import Manifest, ServiceDescription
from kiosk.city_services.asking import CitizenSide
from kiosk.city_services.offering import CityServices
from kiosk.departments.community import department as community
from kiosk.departments.community.mandate import NotTheCarer
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.social_insurance.proof_of_life import FaceDiffers, NoAttendant

BANK_CARD: Final = "6217001234567890122"
BOOK: Final = "30519000000052"
SLIP: Final = "702600000013"
NOTICE: Final = "802600000037"
PERMIT: Final = "9026000019"
CHILD: Final = "M7654321"
FLAT: Final = "情侣中路39号2栋501"
COMPANION: Final = "M7775551"
"""The document of whoever comes with the resident."""

Entered = Mapping[str, str | timedelta]
"""A span of time stands for a day: so long from today."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A service, from its button to its receipt."""

    department: str
    service: str
    entered: Entered = field(default_factory=dict)
    """What is typed or chosen, by field."""
    makes: str = "SELECT count(*) FROM kept_answers WHERE receipt = :receipt"
    """Counts in the department's database what the service is there to make: one more afterwards. Fields stand for what
    was entered, ``:receipt`` for the receipt."""
    decided: str = ""
    """What an officer says to it before the citizen goes on."""


@dataclass(frozen=True, slots=True)
class WalkInTurn:
    """A service that takes two people: a resident, and whoever comes with them, each with a card of their own."""

    department: str
    service: str
    entered: Entered
    """By the first one."""
    answered: Entered
    """By the second one."""
    makes: str
    """As for `Walk`; the receipt is the second one's."""
    refusal: type[ServiceRefused] | None = None
    """Why the second one cannot go on."""
    arranged: str = ""
    """SQL that makes it so, in the department's database."""


def offered(manifest: Manifest, code: str) -> ServiceDescription:
    """What the kiosk lists under this code, also where it takes two people."""
    firsts = (turns.first for turns in manifest.in_turn)
    return next(service for service in (*manifest.services, *firsts) if service.code == code)


SCHOOL_PLACE: Final[Entered] = {
    "child": CHILD,
    "born": -timedelta(days=2300),
    "first": "hengqin-first",
    "second": "qinglu",
    "third": "none",
}
"""An application for a child of six."""


def typed(entered: Entered, today: date) -> dict[str, str]:
    """What is entered, letter by letter, when this is done today."""
    return {name: value if isinstance(value, str) else (today + value).isoformat() for name, value in entered.items()}


WALKS: Final = (
    Walk("finance", "subsidy-status"),
    Walk(
        "finance",
        "payee-account",
        {"bank": "ccb", "number": BANK_CARD},
        "SELECT count(*) FROM payees WHERE receipt = :receipt AND number = :number",
    ),
    Walk(
        "finance",
        "top-up",
        {"yuan": "100"},
        "SELECT count(*) FROM bookings JOIN entries ON booking_id = id WHERE key = :receipt AND amount_fen = 10000",
    ),
    Walk(
        "finance",
        "pay-fee",
        {"notice": NOTICE},
        "SELECT count(*) FROM fees JOIN bookings ON id = paid_with WHERE key = :receipt AND number = :notice",
    ),
    Walk("finance", "purse-balance"),
    Walk("finance", "my-cases"),
    Walk(
        "medical-insurance",
        "clinic-check-in",
        {"clinic": "hengqin-hospital", "complaint_group": "fever"},
        "SELECT count(*) FROM tickets WHERE clinic = 'hengqin-hospital'",
    ),
    Walk("medical-insurance", "balance"),
    Walk("medical-insurance", "claims"),
    Walk(
        "medical-insurance",
        "out-of-area-filing",
        {"region": "macau", "since": timedelta(days=2), "days": "30"},
        "SELECT count(*) FROM filings WHERE receipt = :receipt AND region = 'macau'",
    ),
    Walk("medical-insurance", "my-cases"),
    Walk(
        "social-insurance",
        "contribution-certificate",
        {"period": "all"},
        "SELECT count(*) FROM issued_papers",
    ),
    Walk(
        "social-insurance",
        "unemployment-claim",
        {"reason": "ended"},
        "SELECT count(*) FROM unemployment_claims WHERE receipt = :receipt AND reason = 'ended'",
    ),
    Walk("social-insurance", "my-cases"),
    Walk(
        "public-security",
        "id-renewal",
        {"reason": "damaged", "station": "hengqin"},
        "SELECT count(*) FROM renewals WHERE receipt = :receipt AND reason = 'damaged'",
        decided="granted",
    ),
    Walk(
        "public-security",
        "no-record-certificate",
        {"purpose": "visa"},
        "SELECT count(*) FROM issued_papers",
    ),
    Walk(
        "public-security",
        "change-of-residence",
        {"district": "xiangzhou", "address": FLAT, "moved_on": -timedelta(days=3)},
        "SELECT count(*) FROM moves WHERE receipt = :receipt AND address = :address",
    ),
    Walk("public-security", "my-cases"),
    Walk(
        "education",
        "library-loan",
        {"barcode": BOOK},
        "SELECT count(*) FROM loans WHERE barcode = :barcode AND returned_at IS NULL",
    ),
    Walk(
        "education",
        "library-return",
        {"barcode": BOOK},
        "SELECT count(*) FROM loans WHERE barcode = :barcode AND returned_at IS NOT NULL",
    ),
    Walk("education", "enrolment-proof", makes="SELECT count(*) FROM issued_papers"),
    Walk(
        "education",
        "school-place",
        SCHOOL_PLACE,
        "SELECT count(*) FROM place_applications WHERE receipt = :receipt AND child = :child",
    ),
    Walk("education", "my-cases"),
    Walk(
        "real-estate",
        "queue-ticket",
        {"counter": "mortgage"},
        "SELECT count(*) FROM tickets WHERE counter = 'mortgage'",
    ),
    Walk("real-estate", "home-proof", makes="SELECT count(*) FROM issued_papers"),
    Walk(
        "real-estate",
        "housing-fund-withdrawal",
        {"reason": "loan", "paper": "HQ-2019-004417", "yuan": "1000", "bank_card": BANK_CARD},
        "SELECT count(*) FROM withdrawals WHERE receipt = :receipt AND amount_fen = 100000",
    ),
    Walk("real-estate", "my-cases"),
    Walk(
        "environment",
        "recycling-points",
        {"slip": SLIP},
        "SELECT count(*) FROM slips WHERE number = :slip AND credited_to IS NOT NULL",
    ),
    Walk(
        "environment",
        "problem-report",
        {"kind": "water", "place": "huafa", "words": "Há lixo na lagoa"},
        "SELECT count(*) FROM cases WHERE receipt = :receipt AND service = 'problem-report'",
    ),
    Walk(
        "environment",
        "permit-objection",
        {"permit": PERMIT, "words": "夜间噪音太大"},
        "SELECT count(*) FROM objections WHERE receipt = :receipt AND permit = :permit",
    ),
    Walk("environment", "my-cases"),
    Walk("community", "senior-entry", {"place": "pool"}),
    Walk(
        "community",
        "home-care",
        {"kind": "meals", "days": "3", "half": "morning"},
        "SELECT count(*) FROM appointments WHERE kind = 'meals'",
    ),
    Walk("community", "my-cases"),
)
"""In an order in which a citizen can do them, one department after the other."""

MANDATE: Final[Entered] = {"carer": COMPANION, "scope": "errands", "days": "90"}
_PROOF: Final[tuple[str, str, Entered]] = ("social-insurance", "proof-of-life", {})
_PROOFS: Final = "SELECT count(*) FROM proofs_of_life"
_MANDATES: Final = "SELECT count(*) FROM mandates WHERE accepted = :receipt AND carer = :carer"
IN_TURN: Final = (
    WalkInTurn(*_PROOF, {"face": "different"}, _PROOFS, FaceDiffers),
    WalkInTurn(
        *_PROOF, {"face": "same"}, _PROOFS, NoAttendant, "UPDATE attendants SET pseudonym = 'not ' || pseudonym"
    ),
    WalkInTurn(*_PROOF, {"face": "same"}, _PROOFS, arranged="UPDATE attendants SET pseudonym = substr(pseudonym, 5)"),
    WalkInTurn("community", "carer-mandate", {**MANDATE, "carer": "M7654399"}, {}, _MANDATES, NotTheCarer),
    WalkInTurn("community", "carer-mandate", MANDATE, {}, _MANDATES),
)
"""In an order in which two people can do them; whoever comes along has become an attendant before."""


def _recorded(event: str) -> str:
    return f"SELECT count(*) FROM audit_records WHERE outcome = 'ok' AND event = '{event}'"  # noqa: S608


CITY: Final = CityServices(cast("CitizenSide", None), lambda: {"community": community.titles}).manifest
"""What the city itself offers at a kiosk that has this department."""
LOCK: Final[Entered] = {"what": "community"}
OWN: Final = (
    Walk("city", "access-history", makes=_recorded("access-history.read")),
    Walk("city", "lock-card", LOCK, _recorded("locks.set")),
    Walk("city", "card-locks", makes=_recorded("locks.read")),
    Walk("city", "unlock-card", LOCK, _recorded("locks.lift")),
    Walk("city", "my-cards", makes=_recorded("cards.read")),
    Walk("city", "my-matters", makes=_recorded("assertion.issue")),
)
"""The city's own, which take the PIN; the card service's audit log has to show for them.

The kiosk asks for cards and news by itself after the PIN, so what asks for the same comes last.
"""
