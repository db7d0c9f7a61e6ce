"""Filing that one will be treated in another region for a while, so that bills from there are settled like ours.

One filing of a person is in force at a time; the next one can be made when it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Draft, Service, Visit
from kiosk.departments.contract.forms import choice, day, form
from kiosk.departments.contract.refusals import ServiceRefused
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts
from kiosk.departments.medical_insurance.models import Filing

LATEST_START: Final = timedelta(days=60)
_TOO_EARLY: Final = timedelta(days=30)
"""Whoever chooses a day that is over hears why it cannot be, instead of not finding its year."""
"""A filing begins today or within so many days."""
REGIONS: Final[Mapping[str, Texts]] = {
    "macau": texts("Macau", "澳门", "Macau"),
    "hong-kong": texts("Hong Kong", "香港", "Hong Kong"),
    "guangdong": texts("Elsewhere in Guangdong", "广东省其他城市", "Outra cidade de Guangdong"),
    "mainland": texts("Another province", "其他省份", "Outra província"),
}
PERIODS: Final[Mapping[str, Texts]] = {
    "30": texts("30 days", "30天", "30 dias"),
    "90": texts("90 days", "90天", "90 dias"),
    "180": texts("180 days", "180天", "180 dias"),
    "365": texts("365 days", "365天", "365 dias"),
}


class StartImpossible(ServiceRefused):
    """Raised when a filing cannot begin on that day."""

    code = "start-impossible"
    title = "A filing cannot begin on that day"
    message = texts(
        f"The first day must be today or within the next {LATEST_START.days} days.",
        f"开始日期应为今天或未来{LATEST_START.days}天内。",
        f"O primeiro dia tem de ser hoje ou nos próximos {LATEST_START.days} dias.",
    )


class FiledAlready(ServiceRefused):
    """Raised when a filing of this person is not over."""

    code = "filed-already"
    title = "A filing of this person is in force or will be"
    message = texts(
        "You have filed this already, and it is not over yet.",
        "您已有未到期的异地就医备案。",
        "Já fez este registo e ele ainda não terminou.",
    )


def prepare(session: Session, visit: Visit) -> Draft:
    """What the citizen signs, once it is clear that it can be filed."""
    return Draft(
        title=texts("Treatment in another region", "异地就医备案", "Tratamento noutra região"),
        statement=texts(
            "I file that I will be treated in this region in this time, and ask that bills from there be settled here.",
            "本人备案将于以下期间在该地区就医，并申请在本地结算相关费用。",
            "Registo que serei tratado nesta região neste período e peço que as contas de lá sejam tratadas aqui.",
        ),
        lines=_filed(session, visit),
    )


def file(session: Session, visit: Visit) -> Answer:
    """Write it down; it is in force from its first day on."""
    return Answer(title=texts("It is filed", "备案成功", "Está registado"), fields=_filed(session, visit))


def _filed(session: Session, visit: Visit) -> tuple[OutcomeField, ...]:
    today, since = city_date(visit.now), date.fromisoformat(visit.input["since"])
    if not today <= since <= today + LATEST_START:
        raise StartImpossible
    until = since + timedelta(days=int(visit.input["days"]) - 1)
    if not _write(session, visit, since, until, today):
        raise FiledAlready
    return (
        OutcomeField(label=texts("Region", "地区", "Região"), value=REGIONS[visit.input["region"]]),
        OutcomeField(label=texts("From", "开始日期", "De"), value=since.isoformat()),
        OutcomeField(label=texts("Until", "结束日期", "Até"), value=until.isoformat(), prominent=True),
    )


def _write(session: Session, visit: Visit, since: date, until: date, today: date) -> bool:
    new = {"receipt": visit.receipt, "region": visit.input["region"], "since": since, "until": until}
    row = insert_into(session, Filing).values(pseudonym=visit.visitor.pseudonym, **new)
    over = row.on_conflict_do_update(index_elements=[Filing.pseudonym], set_=new, where=Filing.until < today)
    return session.scalars(over.returning(Filing.receipt)).one_or_none() is not None


OUT_OF_AREA_FILING: Final = Service(
    ServiceDescription(
        code="out-of-area-filing",
        titles=texts("Treatment in another region", "异地就医备案", "Tratamento noutra região"),
        summaries=texts(
            "File that you will be treated elsewhere for a while.",
            "办理异地就医备案。",
            "Registe que vai ser tratado noutro lugar durante algum tempo.",
        ),
        level=Level.SIGN,
        input=form(
            region=choice(texts("Where?", "就医地区", "Onde?"), REGIONS),
            since=day(
                texts("From which day?", "从哪天开始？", "A partir de que dia?"),
                before=_TOO_EARLY,
                after=LATEST_START,
            ),
            days=choice(texts("For how long?", "多长时间？", "Por quanto tempo?"), PERIODS),
        ),
    ),
    file,
    prepare=prepare,
)
