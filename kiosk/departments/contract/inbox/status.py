"""What became of what somebody asked for: for every department in which people decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.orm import Session

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.clock import city_date
from kiosk.departments.contract.declaration import Answer, Service, Visit
from kiosk.departments.contract.inbox.cases import cases_of
from kiosk.departments.contract.inbox.models import Case
from kiosk.departments.contract.texts import texts

CODE: Final = "my-cases"
MOST: Final = 10
WAITING: Final = texts("We are working on it", "正在处理", "Estamos a tratar do assunto")
NOTHING: Final = texts("You have asked for nothing here yet", "您在此尚无申请", "Ainda não pediu nada aqui")


def my_cases(services: Sequence[Service]) -> Service:
    """The service that tells people how their cases with these services stand."""
    return Service(
        ServiceDescription(
            code=CODE,
            titles=texts("My applications", "我的申请", "Os meus pedidos"),
            summaries=texts(
                "See what became of what you asked for or reported.",
                "查询您的申请或举报的处理结果。",
                "Veja o que aconteceu com o que pediu ou comunicou.",
            ),
            level=Level.PIN,
            result=ResultKind.INFORMATION,
        ),
        _teller({service.description.code: service for service in services}),
        confirm_online=True,
    )


def _teller(services: dict[str, Service]) -> Callable[[Session, Visit], Answer]:
    def tell(session: Session, visit: Visit) -> Answer:
        cases = cases_of(session, visit.visitor.pseudonym, MOST)
        ours = [(case, services[case.service]) for case in cases if case.service in services]
        fields = tuple(line for case, service in ours for line in _lines(session, case, service))
        title = texts("Your applications", "您的申请", "Os seus pedidos") if fields else NOTHING
        return Answer(title=title, fields=fields)

    return tell


def _lines(session: Session, case: Case, service: Service) -> tuple[OutcomeField, ...]:
    if case.verdict is None or service.told is None:
        return (_line(case, service),)
    return _line(case, service), *service.told(session, case.receipt)


def _line(case: Case, service: Service) -> OutcomeField:
    day = city_date(case.opened_at).isoformat()
    label = {language: f"{title} · {day} · {case.receipt}" for language, title in service.description.titles.items()}
    return OutcomeField(label=label, value=_said(case, service))


def _said(case: Case, service: Service) -> Texts:
    if case.verdict is None:
        return WAITING
    said = service.verdicts.get(case.verdict, WAITING)
    return said if case.note is None else {language: f"{text} — {case.note}" for language, text in said.items()}
