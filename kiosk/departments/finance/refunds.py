"""Money that goes back the way it came, by double entry and once for each payment.

A top-up goes back by itself for a day, as long as nothing was paid out of the purse since: nobody has spent it, and it
returns to the account that it came from. A fee goes back when an officer finds that it was paid in error: only a person
can see whether the city has done what it was paid for. Then the notice is open again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Action, OutcomeField, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, NewCase, Service, Visit
from kiosk.departments.contract.forms import form
from kiosk.departments.contract.inbox.cases import CaseRefused
from kiosk.departments.contract.matters import Kind, Matter
from kiosk.departments.contract.money import yuan
from kiosk.departments.contract.refusals import NothingToTakeBack
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.finance.fees import KINDS
from kiosk.departments.finance.ledger import BANKS, FEES, Movement, PurseTooFull, book, purse_of
from kiosk.departments.finance.models import Account, Booking, Entry, Fee, Refund

TOP_UP_FOR: Final = timedelta(days=1)
"""So long a top-up goes back by itself."""
FEE_FOR: Final = timedelta(days=30)
"""So long one may ask for a fee."""
GRANTED: Final = "granted"
VERDICTS: Final[Mapping[str, Texts]] = {
    GRANTED: texts(
        "The money is in your purse again.", "款项已退回您的钱包。", "O dinheiro está de novo na sua carteira."
    ),
    "refused": texts(
        "The fee was due, and we keep it. Please ask at the counter.",
        "该费用属应缴费用，不予退还，请到服务台咨询。",
        "A taxa era devida e fica connosco. Pergunte no balcão, por favor.",
    ),
}
TOP_UP_BACK: Final = "top-up-back"
FEE_BACK: Final = "fee-back"
TOP_UP: Final = texts("Top-up", "充值", "Carregamento")
_BACK: Final = texts("Have it paid back", "申请退款", "Pedir a devolução")
_AMOUNT: Final = texts("Amount", "金额", "Montante")
_LEFT: Final = texts("Left in your purse", "钱包余额", "Saldo da carteira")


def top_ups_of(session: Session, pseudonym: str, now: datetime) -> Iterable[Matter]:
    """Those that can go back."""
    return [
        Matter(
            OutcomeField(label=_dated(TOP_UP, booking), value=yuan(amount), action=TOP_UPS.back(str(booking.id), _BACK))
        )
        for booking, amount in _unspent(session, pseudonym, now)
    ]


def pay_back(session: Session, visit: Visit, reference: str) -> Answer:
    """Return a top-up to the account that it came from."""
    pseudonym = visit.visitor.pseudonym
    purse = purse_of(session, pseudonym, visit.now)  # locked: nothing is spent meanwhile
    unspent = {str(booking.id): (booking, amount) for booking, amount in _unspent(session, pseudonym, visit.now)}
    if reference not in unspent:
        raise NothingToTakeBack
    booking, amount = unspent[reference]
    _ask(session, booking, visit.receipt, visit.now)
    book(session, purse, Movement(-amount, BANKS, TOP_UP_BACK, booking.subject, f"back {booking.id}"), visit.now)
    return Answer(
        title=texts("It goes back to your bank account", "款项将退回您的银行账户", "Volta para a sua conta bancária"),
        fields=(
            OutcomeField(label=_AMOUNT, value=yuan(amount), prominent=True),
            OutcomeField(label=_LEFT, value=yuan(purse.balance_fen)),
        ),
    )


def fees_of(session: Session, pseudonym: str, now: datetime) -> Iterable[Matter]:
    """The fees that were paid of late and that nobody asked back yet."""
    paid = _paid(pseudonym).where(Booking.booked_at > now - FEE_FOR, Refund.booking_id.is_(None))
    return [
        Matter(
            OutcomeField(
                label=_dated(KINDS[fee.kind], booking),
                value=yuan(fee.amount_fen),
                action=Action(service=FEE_REFUND.description.code, titles=_BACK, input={"payment": str(booking.id)}),
            )
        )
        for fee, booking in session.execute(paid.order_by(Booking.booked_at.desc()))
    ]


def ask_back(session: Session, visit: Visit) -> Answer:
    """Put the payment of a fee before an officer."""
    purse_of(session, visit.visitor.pseudonym, visit.now)
    found = session.execute(_paid(visit.visitor.pseudonym).where(Booking.id == _id(visit.input["payment"]))).first()
    if found is None or found[1].booked_at <= visit.now - FEE_FOR:
        raise NothingToTakeBack
    fee, booking = found
    _ask(session, booking, visit.receipt, visit.now)
    lines = (
        OutcomeField(label=_dated(KINDS[fee.kind], booking), value=fee.number),
        OutcomeField(label=_AMOUNT, value=yuan(fee.amount_fen)),
    )
    title = texts("An officer looks at it", "工作人员将进行审核", "Um funcionário vai verificar")
    return Answer(title=title, fields=lines, case=NewCase(lines))


def settle(session: Session, receipt: str, verdict: str, now: datetime) -> None:
    """What an officer said; where it is granted, the money is in the purse again and the notice is open."""
    if verdict != GRANTED:
        return
    asked = session.scalars(select(Refund).where(Refund.receipt == receipt)).one()
    fee = session.scalars(select(Fee).where(Fee.paid_with == asked.booking_id).with_for_update()).one()
    booking = session.get_one(Booking, asked.booking_id)
    purse = purse_of(session, session.get_one(Account, booking.purse_id).owner, now)
    back = Movement(fee.amount_fen, FEES, FEE_BACK, fee.number, f"back {booking.id}")
    try:
        book(session, purse, back, now)
    except PurseTooFull as full:
        raise CaseRefused("The purse has no room for it at the moment. Decide again when it was used.") from full
    fee.paid_with = None
    session.flush()


def _ask(session: Session, booking: Booking, receipt: str, now: datetime) -> None:
    """Write down that it was asked back: once for a payment. Raises NothingToTakeBack."""
    row = insert_into(session, Refund).values(booking_id=booking.id, receipt=receipt, asked_at=now)
    asked = row.on_conflict_do_nothing(index_elements=[Refund.booking_id]).returning(Refund.receipt)
    if session.scalars(asked).one_or_none() is None:
        raise NothingToTakeBack


def _unspent(session: Session, pseudonym: str, now: datetime) -> Sequence[tuple[Booking, int]]:
    """The top-ups after which nothing was paid out, with what the purse gained; the newest first."""
    moved = select(Booking, Entry.amount_fen).join(Entry).join(Account, Account.id == Entry.account_id)
    mine = moved.where(Account.owner == pseudonym).order_by(Booking.id.desc())
    spent = session.execute(mine.where(Entry.amount_fen < 0, Booking.purpose != TOP_UP_BACK).limit(1)).first()
    open_ = mine.outerjoin(Refund, Refund.booking_id == Booking.id).where(
        Booking.purpose == "top-up", Booking.booked_at > now - TOP_UP_FOR, Refund.booking_id.is_(None)
    )
    since = open_ if spent is None else open_.where(Booking.id > spent[0].id)
    return [(booking, amount) for booking, amount in session.execute(since)]


def _paid(pseudonym: str) -> Select[Fee, Booking]:
    joined = select(Fee, Booking).join(Booking, Booking.id == Fee.paid_with)
    mine = joined.join(Account, Account.id == Booking.purse_id).where(Account.owner == pseudonym)
    return mine.outerjoin(Refund, Refund.booking_id == Booking.id)


def _dated(what: Texts, booking: Booking) -> Texts:
    day = city_date(booking.booked_at).isoformat()
    return {language: f"{word} · {day}" for language, word in what.items()}


def _id(reference: str) -> UUID:
    try:
        return UUID(reference)
    except ValueError:
        raise NothingToTakeBack from None


TOP_UPS: Final = Kind("top-up", TOP_UP, top_ups_of, pay_back)
PAID_FEES: Final = Kind("fee", texts("Fee", "费用", "Taxa"), fees_of)
FEE_REFUND: Final = Service(
    ServiceDescription(
        code="fee-refund",
        titles=texts("Have a fee paid back", "申请退还费用", "Pedir a devolução de uma taxa"),
        summaries=texts(
            "You paid it in error? An officer looks at it.",
            "误缴费用？工作人员将进行审核。",
            "Pagou por engano? Um funcionário vai verificar.",
        ),
        level=Level.PIN,
        input=form(
            payment={
                "type": "string",
                "pattern": "^[0-9a-f-]{36}$",
                "minLength": 36,
                "maxLength": 36,
                "examples": ["0195f0a0-0000-7000-8000-000000000000"],
                "x-titles": texts("Payment", "付款", "Pagamento"),
            }
        ),
        listed=False,
    ),
    ask_back,
    verdicts=VERDICTS,
    settled=settle,
    confirm_online=True,
)
