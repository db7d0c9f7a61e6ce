"""Every refusal that a department has for somebody who comes with a card and a PIN, and how to come by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from kiosk.city.issuing import RESIDENT
from kiosk.departments.community.care import AlreadyBooked, DayFull
from kiosk.departments.community.mandate import MandateStands, OwnCarer
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.education.enrolment import NotEnrolled
from kiosk.departments.education.library import (
    BarcodeMisread,
    ItemOnLoan,
    ItemUnknown,
    LoanLimitReached,
    NotBorrowed,
)
from kiosk.departments.education.places import AppliedAlready, NoRound, SchoolNamedTwice
from kiosk.departments.environment.permits import AlreadyObjected, ObjectionTooLate, PermitMisread, PermitUnknown
from kiosk.departments.environment.recycling import SlipMisread, SlipSpent, SlipUnknown
from kiosk.departments.finance.fees import FeeMisread, FeePaid, FeeUnknown
from kiosk.departments.finance.ledger import PurseTooFull, PurseTooSmall
from kiosk.departments.finance.payees import PayeeMisread, PayeeWaiting
from kiosk.departments.finance.purse import NoPayee
from kiosk.departments.medical_insurance.filings import FiledAlready, StartImpossible
from kiosk.departments.public_security.applications import AlreadyApplied
from kiosk.departments.public_security.certificate import NotAtAKiosk
from kiosk.departments.public_security.moves import FIRST_RESIDENCES, AlreadyThere, DayImpossible
from kiosk.departments.public_security.renewals import DocumentUnknown, TooEarly
from kiosk.departments.real_estate.fund import FundTooSmall, NoFundAccount
from kiosk.departments.real_estate.withdrawals import (
    BankCardMisread,
    HasHome,
    HomeNotBought,
    NoHome,
    NotRetired,
    RentTooMuch,
    WithdrawalWaits,
    WithdrawnLately,
)
from kiosk.departments.social_insurance.attendants import NotInvited
from kiosk.departments.social_insurance.certificate import NothingPaidIn
from kiosk.departments.social_insurance.proof_of_life import NoPension, ProvedAlready
from kiosk.departments.social_insurance.unemployment import ClaimedAlready, PaidTooBriefly, StillEmployed
from tests.walks.table import BANK_CARD, BOOK, FLAT, MANDATE, NOTICE, PERMIT, SCHOOL_PLACE, SLIP, Entered

OTHER_BOOK: Final = "30519000000011"
LARGE_NOTICE: Final = "802600000045"
OTHER_BANK_CARD: Final = "6217001234567890130"


@dataclass(frozen=True, slots=True)
class RefusedWalk:
    """A service that cannot be had."""

    department: str
    service: str
    refusal: type[ServiceRefused]
    entered: Entered = field(default_factory=dict)
    arranged: str = ""
    """SQL that makes it so, in the department's database; ``:today`` is the day."""


def _withdrawal(**changed: str) -> Entered:
    return {"reason": "loan", "paper": "HQ-2019-004417", "yuan": "1000", "bank_card": BANK_CARD, **changed}


def _move(days: int, **changed: str) -> Entered:
    return {"district": "xiangzhou", "address": FLAT, "moved_on": timedelta(days=days), **changed}


def _filing(days: int) -> Entered:
    return {"region": "macau", "since": timedelta(days=days), "days": "30"}


def _care(days: int) -> Entered:
    return {"kind": "meals", "days": str(days), "half": "morning"}


def _of(department: str, service: str, field: str, refusals: dict[str, type[ServiceRefused]]) -> list[RefusedWalk]:
    """Of a service that asks for one thing besides what is always the same."""
    return [RefusedWalk(department, service, refusal, dict(**{field: value})) for value, refusal in refusals.items()]


FINANCE: Final = (
    *_of(
        "finance",
        "pay-fee",
        "notice",
        {"802600000012": FeeMisread, "802600000060": FeeUnknown, NOTICE: FeePaid},
    ),
    RefusedWalk(
        "finance",
        "pay-fee",
        PurseTooSmall,
        {"notice": LARGE_NOTICE},
        "UPDATE fees SET amount_fen = 499999900 WHERE number = :notice",
    ),
    RefusedWalk("finance", "top-up", PurseTooFull, {"yuan": "5000"}),
    RefusedWalk("finance", "payee-account", PayeeMisread, {"bank": "ccb", "number": "6217001234567890123"}),
    RefusedWalk("finance", "top-up", NoPayee, {"yuan": "1"}, "UPDATE payees SET state = 'waiting'"),
    RefusedWalk("finance", "payee-account", PayeeWaiting, {"bank": "boc", "number": OTHER_BANK_CARD}),
)
HEALTH_AND_CARE: Final = (
    RefusedWalk("medical-insurance", "out-of-area-filing", StartImpossible, _filing(-1)),
    RefusedWalk("medical-insurance", "out-of-area-filing", FiledAlready, _filing(2)),
    RefusedWalk("community", "carer-mandate", OwnCarer, {**MANDATE, "carer": RESIDENT.document_number}),
    RefusedWalk("community", "carer-mandate", MandateStands, MANDATE),
    RefusedWalk("community", "home-care", AlreadyBooked, _care(3)),
    RefusedWalk(
        "community",
        "home-care",
        DayFull,
        _care(4),
        "INSERT INTO appointments (id, carer, day, slot, kind, pseudonym, booked_at) "
        "SELECT lower(hex(randomblob(16))), code, date(:today, '+4 days'), slot, 'meals', code || slot, :today "
        "FROM carers CROSS JOIN "
        "(SELECT '08:30' AS slot UNION SELECT '09:30' UNION SELECT '10:30' UNION SELECT '11:30')",
    ),
)
EDUCATION: Final = (
    *_of("education", "library-loan", "barcode", {"30519000000012": BarcodeMisread, "30519000009996": ItemUnknown}),
    RefusedWalk("education", "library-loan", ItemOnLoan, {"barcode": BOOK}, "UPDATE loans SET returned_at = NULL"),
    *_of("education", "library-loan", "barcode", {OTHER_BOOK: LoanLimitReached}),
    *_of("education", "library-return", "barcode", {OTHER_BOOK: NotBorrowed}),
    RefusedWalk("education", "school-place", AppliedAlready, SCHOOL_PLACE),
    RefusedWalk("education", "school-place", SchoolNamedTwice, {**SCHOOL_PLACE, "second": "hengqin-first"}),
    RefusedWalk("education", "school-place", NoRound, {**SCHOOL_PLACE, "child": "M7654322"}, "DELETE FROM rounds"),
    RefusedWalk("education", "enrolment-proof", NotEnrolled, arranged="DELETE FROM enrolments"),
)
ENVIRONMENT: Final = (
    *_of(
        "environment",
        "recycling-points",
        "slip",
        {"702600000014": SlipMisread, "702600009998": SlipUnknown, SLIP: SlipSpent},
    ),
    *(
        RefusedWalk("environment", "permit-objection", refusal, {"permit": permit, "words": "Não"})
        for permit, refusal in {
            "9026000011": PermitMisread,
            "9026000076": PermitUnknown,
            "9026000035": ObjectionTooLate,
            PERMIT: AlreadyObjected,
        }.items()
    ),
)
PUBLIC_SECURITY: Final = (
    *(
        RefusedWalk("public-security", "id-renewal", refusal, {"reason": reason, "station": "hengqin"}, arranged)
        for refusal, reason, arranged in (
            (TooEarly, "expiring", "UPDATE identity_documents SET valid_until = date(:today, '+2000 days')"),
            (DocumentUnknown, "damaged", "DELETE FROM identity_documents"),
        )
    ),
    RefusedWalk("public-security", "change-of-residence", AlreadyApplied, _move(-2)),
    RefusedWalk("public-security", "change-of-residence", DayImpossible, _move(1)),
    RefusedWalk(
        "public-security",
        "change-of-residence",
        AlreadyThere,
        _move(-3, district="hengqin", address=str(FIRST_RESIDENCES[0]["address"])),
    ),
    RefusedWalk(
        "public-security",
        "no-record-certificate",
        NotAtAKiosk,
        {"purpose": "visa"},
        "INSERT INTO convictions (id, case_number, document_number) "
        "SELECT lower(hex(randomblob(16))), '1', number FROM (SELECT 'M1234567' AS number)",
    ),
)
_WITHDRAWAL: Final = ("real-estate", "housing-fund-withdrawal")
REAL_ESTATE: Final = (
    RefusedWalk(*_WITHDRAWAL, WithdrawalWaits, _withdrawal()),
    RefusedWalk(*_WITHDRAWAL, WithdrawnLately, _withdrawal(), "UPDATE withdrawals SET state = 'paid'"),
    RefusedWalk(*_WITHDRAWAL, BankCardMisread, _withdrawal(bank_card="6217001234567890123")),
    RefusedWalk(*_WITHDRAWAL, HomeNotBought, _withdrawal(reason="purchase", paper="HQ-0000-000000")),
    RefusedWalk(*_WITHDRAWAL, NotRetired, _withdrawal(reason="retirement")),
    RefusedWalk(*_WITHDRAWAL, HasHome, _withdrawal(reason="rent")),
    RefusedWalk(
        *_WITHDRAWAL, RentTooMuch, _withdrawal(reason="rent", yuan="50000"), "UPDATE titles SET until = :today"
    ),
    RefusedWalk(*_WITHDRAWAL, NoHome, _withdrawal()),
    RefusedWalk(
        *_WITHDRAWAL,
        FundTooSmall,
        _withdrawal(yuan="1000000"),
        "UPDATE titles SET until = NULL; UPDATE withdrawals SET state = 'refused'",
    ),
    RefusedWalk(
        *_WITHDRAWAL, NoFundAccount, _withdrawal(), "UPDATE fund_accounts SET owner = 'X' WHERE owner LIKE 'M%'"
    ),
)
_CLAIM: Final = ("social-insurance", "unemployment-claim")
SOCIAL_INSURANCE: Final = (
    RefusedWalk("social-insurance", "attendant-enrolment", NotInvited, {"code": "0123456789"}),
    RefusedWalk("social-insurance", "proof-of-life", ProvedAlready),
    RefusedWalk("social-insurance", "proof-of-life", NoPension, arranged="DELETE FROM pensioners"),
    RefusedWalk(*_CLAIM, ClaimedAlready, {"reason": "ended"}),
    RefusedWalk(
        *_CLAIM,
        StillEmployed,
        {"reason": "ended"},
        "UPDATE contributions SET month = date(:today, 'start of month') "
        "WHERE month = (SELECT max(month) FROM contributions)",
    ),
    RefusedWalk(
        *_CLAIM,
        PaidTooBriefly,
        {"reason": "ended"},
        "DELETE FROM contributions WHERE month < date(:today, '-300 days')",
    ),
    RefusedWalk(
        "social-insurance",
        "contribution-certificate",
        NothingPaidIn,
        {"period": "all"},
        "DELETE FROM contributions",
    ),
)
REFUSED: Final = (
    *FINANCE,
    *HEALTH_AND_CARE,
    *EDUCATION,
    *ENVIRONMENT,
    *PUBLIC_SECURITY,
    *REAL_ESTATE,
    *SOCIAL_INSURANCE,
)
"""In an order in which a resident comes by them, once every service was walked to its receipt."""
