"""Points for what was brought to a recycling station: the slip that it printed is credited to the card, once.

At level `tap` a found card is enough: what a slip is worth is said, never what its owner has gathered before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.forms import digits, form
from kiosk.departments.contract.luhn import check_digit_is_right
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.environment.models import Slip

FIRST_SLIPS: Final[Mapping[str, int]] = {
    "702600000013": 5,
    "702600000021": 12,
    "702600000039": 30,
    "702600000047": 8,
}
"""What the stations printed on the day the department opened, and its points."""


class SlipMisread(ServiceRefused):
    """Raised when the check digit is wrong."""

    code = "slip-misread"
    title = "The check digit of the slip is wrong"
    message = texts(
        "That number is not quite right. Please compare it with the slip.",
        "号码有误，请对照小票核对。",
        "Esse número não está certo. Compare-o com o talão, por favor.",
    )


class SlipUnknown(ServiceRefused):
    """Raised when no station printed such a slip."""

    code = "slip-unknown"
    title = "No recycling station printed a slip of this number"
    message = texts(
        "No recycling station printed this slip. Please ask at the station.",
        "没有回收站打印过此小票，请到回收站咨询。",
        "Nenhum posto de reciclagem imprimiu este talão. Pergunte no posto, por favor.",
    )


class SlipSpent(ServiceRefused):
    """Raised when the slip was credited before, to whoever it was."""

    code = "slip-spent"
    title = "The points of this slip were credited before"
    message = texts(
        "The points of this slip were credited already.",
        "此小票的积分已经领取。",
        "Os pontos deste talão já foram creditados.",
    )


def credit(session: Session, visit: Visit) -> Answer:
    """Credit the slip's points to whoever holds it."""
    visit.require_card_in_force()
    number = visit.input["slip"]
    if not check_digit_is_right(number):
        raise SlipMisread
    spend = update(Slip).where(Slip.number == number, Slip.credited_to.is_(None))
    credited = spend.values(credited_to=visit.visitor.pseudonym, credited_at=visit.now).returning(Slip.points)
    points = session.scalars(credited).one_or_none()
    if points is None:
        raise SlipUnknown if session.get(Slip, number) is None else SlipSpent
    return Answer(
        title=texts("Thank you for recycling", "感谢您参与回收", "Obrigado por reciclar"),
        fields=(
            OutcomeField(
                label=texts("Points for this slip", "本次积分", "Pontos deste talão"), value=str(points), prominent=True
            ),
        ),
    )


def seed_slips(session: Session) -> None:
    """Put in the first slips, where they are not there yet."""
    for number, points in FIRST_SLIPS.items():
        slip = insert_into(session, Slip).values(number=number, points=points)
        session.execute(slip.on_conflict_do_nothing(index_elements=[Slip.number]))


RECYCLING_POINTS: Final = Service(
    ServiceDescription(
        code="recycling-points",
        titles=texts("Recycling points", "回收积分", "Pontos de reciclagem"),
        summaries=texts(
            "Have the points of a recycling slip credited to your card.",
            "将回收小票上的积分记入您的卡。",
            "Credite no seu cartão os pontos de um talão de reciclagem.",
        ),
        level=Level.TAP,
        input=form(
            slip=digits(
                texts("Number on the slip", "小票上的号码", "Número no talão"),
                texts("12 digits, beginning with 70", "12位数字，以70开头", "12 algarismos, a começar por 70"),
                length=12,
                first="70",
                example=next(iter(FIRST_SLIPS)),
            )
        ),
        result=ResultKind.RECEIPT,
    ),
    credit,
    offline=True,
)
