"""Borrowing an item and bringing it back.

At level `tap` a found card is enough, so there is one item at a time and no list of what somebody has.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.forms import digits, form
from kiosk.departments.contract.luhn import check_digit_is_right
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into, new_id
from kiosk.departments.contract.texts import texts
from kiosk.departments.education.catalogue import BARCODE_LENGTH, FIRST_ITEMS, ITEM
from kiosk.departments.education.models import OUT, Item, Loan

LOAN_PERIOD: Final = timedelta(days=21)


class BarcodeMisread(ServiceRefused):
    """Raised when the check digit is wrong."""

    code = "barcode-misread"
    title = "The check digit of the barcode is wrong"
    message = texts(
        "That number is not quite right. Please compare it with the label.",
        "号码有误，请对照标签核对。",
        "Esse número não está certo. Compare-o com a etiqueta, por favor.",
    )


class ItemUnknown(ServiceRefused):
    """Raised when the library has no such item."""

    code = "item-unknown"
    title = "The library has no item with this barcode"
    message = texts(
        "The library does not know this item. Please ask at the counter.",
        "图书馆没有此馆藏，请到服务台咨询。",
        "A biblioteca não conhece este item. Pergunte no balcão, por favor.",
    )


class ItemOnLoan(ServiceRefused):
    """Raised when the item is out, whoever has it."""

    code = "item-on-loan"
    title = "The item is on loan"
    message = texts(
        "This item is already on loan. Please choose another one.",
        "该馆藏已借出，请选择其他馆藏。",
        "Este item já está emprestado. Escolha outro, por favor.",
    )


class LoanLimitReached(ServiceRefused):
    """Raised when the borrower has an item already."""

    code = "loan-limit-reached"
    title = "One item at a time can be borrowed at this level"
    message = texts(
        "You can borrow one item at a time here. Please bring back the other one first.",
        "在此一次只能借一件，请先归还已借的馆藏。",
        "Aqui só pode levar um item de cada vez. Devolva primeiro o outro, por favor.",
    )


class NotBorrowed(ServiceRefused):
    """Raised when the item is not out to this card. Whether somebody else has it is not said."""

    code = "not-borrowed"
    title = "The item is not on loan to this card"
    message = texts(
        "This item is not on loan to your card. Please ask at the counter.",
        "该馆藏不是用您的卡借出的，请到服务台咨询。",
        "Este item não está emprestado ao seu cartão. Pergunte no balcão, por favor.",
    )


def lend(session: Session, visit: Visit) -> Answer:
    """Lend the item, if it and the borrower are free."""
    item = _item(session, visit.input["barcode"])
    due_on = city_date(visit.now) + LOAN_PERIOD
    # First try, then ask why not: a question first would be out of date by the time of the attempt.
    if not _write_loan(session, visit, item, due_on):
        raise _why_not(session, item)
    return Answer(
        title=texts("Enjoy it!", "借阅成功！", "Bom proveito!"),
        fields=(
            OutcomeField(label=texts("Item", "馆藏", "Item"), value=item.title),
            OutcomeField(
                label=texts("Bring it back by", "归还日期", "Devolver até"), value=due_on.isoformat(), prominent=True
            ),
        ),
    )


def take_back(session: Session, visit: Visit) -> Answer:
    """Take the item back from its borrower, whatever has become of the card."""
    item = _item(session, visit.input["barcode"])
    theirs = (Loan.barcode == item.barcode, Loan.borrower == visit.visitor.pseudonym, OUT)
    returned = session.scalars(update(Loan).where(*theirs).values(returned_at=visit.now).returning(Loan.id)).all()
    if not returned:
        raise NotBorrowed
    return Answer(
        title=texts("Thank you for bringing it back", "归还成功，谢谢", "Obrigado pela devolução"),
        fields=(OutcomeField(label=texts("Item", "馆藏", "Item"), value=item.title),),
    )


def _item(session: Session, barcode: str) -> Item:
    if not check_digit_is_right(barcode):
        raise BarcodeMisread
    item = session.get(Item, barcode)
    if item is None:
        raise ItemUnknown
    return item


def _write_loan(session: Session, visit: Visit, item: Item, due_on: date) -> bool:
    loan = insert_into(session, Loan).values(
        id=new_id(),
        barcode=item.barcode,
        borrower=visit.visitor.pseudonym,
        lent_at=visit.now,
        due_on=due_on,
    )
    written: UUID | None = session.scalars(loan.on_conflict_do_nothing().returning(Loan.id)).one_or_none()
    return written is not None


def _why_not(session: Session, item: Item) -> ServiceRefused:
    out = session.scalars(select(Loan.id).where(Loan.barcode == item.barcode, OUT)).one_or_none()
    return LoanLimitReached() if out is None else ItemOnLoan()


_BARCODE: Final = digits(
    texts("Number on the label", "标签上的号码", "Número na etiqueta"),
    texts(
        "14 digits under the barcode, beginning with 3",
        "条形码下方的14位数字，以3开头",
        "14 algarismos sob o código de barras, a começar por 3",
    ),
    length=BARCODE_LENGTH,
    first=ITEM,
    example=next(iter(FIRST_ITEMS)),
)

LOAN: Final = Service(
    ServiceDescription(
        code="library-loan",
        titles=texts("Borrow an item", "借阅", "Requisitar um item"),
        summaries=texts(
            "Take one book or other item home from the library for three weeks.",
            "从图书馆借一本书或一件馆藏，借期三周。",
            "Leve da biblioteca um livro ou outro item por três semanas.",
        ),
        level=Level.TAP,
        input=form(barcode=_BARCODE),
        result=ResultKind.RECEIPT,
    ),
    lend,
)

RETURN: Final = Service(
    ServiceDescription(
        code="library-return",
        titles=texts("Return an item", "归还", "Devolver um item"),
        summaries=texts(
            "Bring back what you borrowed from the library.",
            "归还您从图书馆借的馆藏。",
            "Devolva o que requisitou na biblioteca.",
        ),
        level=Level.TAP,
        input=form(barcode=_BARCODE),
        result=ResultKind.RECEIPT,
    ),
    take_back,
    offline=True,
)
