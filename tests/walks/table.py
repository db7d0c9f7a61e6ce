"""Every service of the city: what is entered there, and what its department's own database has to show for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

BANK_CARD: Final = "6217001234567890122"
BOOK: Final = "30519000000052"
SLIP: Final = "702600000013"
NOTICE: Final = "802600000037"
PERMIT: Final = "9026000019"
CHILD: Final = "M7654321"
FLAT: Final = "情侣中路39号2栋501"

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
