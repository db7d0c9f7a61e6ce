"""Fees that the city asks for by notices with a number, paid out of the city purse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.luhn import check_digit_is_right
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.ledger import FEES, Movement, book, purse_of
from kiosk.departments.finance.models import Booking, Fee

KINDS: Final[Mapping[str, Texts]] = {
    "waste": texts("Waste collection", "垃圾处理费", "Recolha de lixo"),
    "parking": texts("Resident's parking", "居民停车费", "Estacionamento de residente"),
    "water": texts("Water rate", "水费", "Tarifa de água"),
    "market": texts("Market stall", "市场摊位费", "Banca de mercado"),
    "library": texts("Library fee", "图书馆逾期费", "Taxa da biblioteca"),
}
FIRST_FEES: Final[tuple[dict[str, Any], ...]] = (
    {"number": "802600000011", "kind": "waste", "amount_fen": 36_00, "due": date(2026, 12, 31)},
    {"number": "802600000029", "kind": "parking", "amount_fen": 120_00, "due": date(2026, 12, 15)},
    {"number": "802600000037", "kind": "water", "amount_fen": 58_60, "due": date(2026, 11, 30)},
    {"number": "802600000045", "kind": "market", "amount_fen": 450_00, "due": date(2026, 12, 1)},
    {"number": "802600000052", "kind": "library", "amount_fen": 2_50, "due": date(2026, 12, 20)},
)
"""What was asked for on the day the department opened."""


class FeeMisread(ServiceRefused):
    """Raised when the check digit is wrong."""

    code = "fee-misread"
    title = "The check digit of the notice is wrong"
    message = texts(
        "That number is not quite right. Please compare it with the notice.",
        "号码有误，请对照缴费通知单核对。",
        "Esse número não está certo. Compare-o com o aviso, por favor.",
    )


class FeeUnknown(ServiceRefused):
    """Raised when the city sent no such notice."""

    code = "fee-unknown"
    title = "The city sent no notice of this number"
    message = texts(
        "We find no notice of this number. Please ask at the counter.",
        "未找到该号码的缴费通知单，请到服务台咨询。",
        "Não encontramos nenhum aviso com este número. Pergunte no balcão, por favor.",
    )


class FeePaid(ServiceRefused):
    """Raised when the fee was paid before, by whoever it was."""

    code = "fee-paid"
    title = "This fee was paid before"
    message = texts("This fee was paid already.", "该费用已缴清。", "Esta taxa já foi paga.")


def fee_of(session: Session, number: str) -> Fee:
    """The fee of a notice, locked until the commit. Raises FeeMisread, FeeUnknown."""
    if not check_digit_is_right(number):
        raise FeeMisread
    fee = session.scalars(select(Fee).where(Fee.number == number).with_for_update()).one_or_none()
    if fee is None:
        raise FeeUnknown
    return fee


def pay(session: Session, pseudonym: str, number: str, key: str, now: datetime) -> Booking:
    """Pay a fee out of a purse, once: the same again with the same key gives the booking of the first time.

    Raises:
        FeeMisread, FeeUnknown, FeePaid: there is nothing to pay.
        PurseTooSmall: the purse does not hold so much.
        IdempotencyKeyReused: the key was used for something else.
    """
    fee, purse = fee_of(session, number), purse_of(session, pseudonym, now)
    if fee.paid_with is not None and not _is_ours(session, fee.paid_with, purse.id, key):
        raise FeePaid
    booking = book(session, purse, Movement(-fee.amount_fen, FEES, fee.kind, fee.number, key), now)
    fee.paid_with = booking.id
    return booking


def seed_fees(session: Session) -> None:
    """Put in the first fees, where they are not there yet."""
    for fee in FIRST_FEES:
        row = insert_into(session, Fee).values(**fee)
        session.execute(row.on_conflict_do_nothing(index_elements=[Fee.number]))


def _is_ours(session: Session, booking_id: object, purse_id: object, key: str) -> bool:
    booking = session.get_one(Booking, booking_id)
    return (booking.purse_id, booking.key) == (purse_id, key)
