"""What became of what somebody asked for, and withdrawing it: for every department in which people decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.manifest import OutcomeField, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.inbox.cases import cases_of, withdraw
from kiosk.departments.contract.inbox.models import WITHDRAWN, Case
from kiosk.departments.contract.matters import WITHDRAW, Kind, Matter
from kiosk.departments.contract.refusals import NothingToTakeBack
from kiosk.departments.contract.texts import texts

CODE: Final = "case"
MOST: Final = 10
WAITING: Final = texts("We are working on it", "正在处理", "Estamos a tratar do assunto")
TAKEN_BACK: Final = texts("You withdrew it", "您已撤回", "Retirou o pedido")


def cases(services: Sequence[Service]) -> Kind:
    """The cases of these services, as matters."""
    by_code = {service.description.code: service for service in services}

    def of(session: Session, pseudonym: str, _now: datetime) -> Iterable[Matter]:
        found = cases_of(session, pseudonym, MOST)
        return [_matter(session, kind, case, by_code[case.service]) for case in found if case.service in by_code]

    def take_back(session: Session, visit: Visit, receipt: str) -> Answer:
        code = withdraw(session, receipt, visit.visitor.pseudonym, _withdrawable(services), visit.now)
        follows = None if code is None else by_code[code].withdrawn
        if code is None or follows is None:
            raise NothingToTakeBack
        follows(session, receipt, visit.now)
        titles = by_code[code].description.titles
        label = {language: f"{title} · {receipt}" for language, title in titles.items()}
        return Answer(title=TAKEN_BACK, fields=(OutcomeField(label=label, value=TAKEN_BACK),))

    kind = Kind(CODE, texts("Application", "申请", "Pedido"), of, take_back)
    return kind


def no_more(_session: Session, _receipt: str, _now: datetime) -> None:
    """For a service whose cases hold nothing else: that it is withdrawn is all."""


def _withdrawable(services: Sequence[Service]) -> list[str]:
    return [service.description.code for service in services if service.withdrawn is not None]


def _matter(session: Session, kind: Kind, case: Case, service: Service) -> Matter:
    if case.verdict is None:
        action = None if service.withdrawn is None else kind.back(case.receipt, WITHDRAW)
        return Matter(_line(case, service).model_copy(update={"action": action}))
    if case.verdict == WITHDRAWN:
        return Matter(_line(case, service))
    more = () if service.told is None else service.told(session, case.receipt)
    return Matter(_line(case, service), case.decided_at, more)


def _line(case: Case, service: Service) -> OutcomeField:
    day = city_date(case.opened_at).isoformat()
    label = {language: f"{title} · {day} · {case.receipt}" for language, title in service.description.titles.items()}
    return OutcomeField(label=label, value=_said(case, service))


def _said(case: Case, service: Service) -> Texts:
    if case.verdict is None:
        return WAITING
    if case.verdict == WITHDRAWN:
        return TAKEN_BACK
    said = service.verdicts.get(case.verdict, WAITING)
    return said if case.note is None else {language: f"{text} — {case.note}" for language, text in said.items()}
