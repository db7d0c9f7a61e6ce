"""A dozen invented residents, and how far each one's card is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from cardsvc.client import ServiceClient
from cardsvc.wire.lifecycle import Person
from cardsvc.wire.losses import Channel, LossKind, LossReportRequest
from kiosk.city.founding import FOUNDING_OFFICERS, Plan
from kiosk.city.issuing import enrol, produce
from kiosk.city.portraits import portrait
from kiosk.city.stage import CardFiles, Stage


class Resident(NamedTuple):
    """Somebody who does not exist."""

    name: str
    name_latin: str
    birth_date: date
    document_number: str
    comes_for: str

    @property
    def person(self) -> Person:
        """As an application has them."""
        return Person(
            name=self.name,
            name_latin=self.name_latin,
            birth_date=self.birth_date,
            document_number=self.document_number,
            district="hengqin",
        )


DRAFT, SUBMITTED, APPROVED, REJECTED, CANCELLED, ACTIVE, LOST = (
    "draft", "submitted", "approved", "rejected", "cancelled", "active", "lost",
)  # fmt: skip
RESIDENTS: Final = (
    Resident("黄嘉敏", "Wong Ka Man", date(1990, 5, 17), "M2000001", DRAFT),
    Resident("若昂·席尔瓦", "João da Silva", date(1974, 11, 3), "P2000002", DRAFT),
    Resident("何伟强", "Ho Wai Keong", date(1968, 2, 29), "M2000003", SUBMITTED),
    Resident("李秀英", "Li Xiuying", date(1951, 8, 9), "M2000004", SUBMITTED),
    Resident("玛丽亚·科斯塔", "Maria da Costa", date(1999, 12, 31), "P2000005", SUBMITTED),
    Resident("王强", "Wang Qiang", date(1985, 6, 1), "M2000006", APPROVED),
    Resident("张丽", "Zhang Li", date(1993, 3, 8), "M2000007", APPROVED),
    Resident("欧阳子轩", "Ouyang Zixuan", date(2001, 9, 10), "M2000008", APPROVED),
    Resident("刘洋", "Liu Yang", date(1979, 7, 22), "M2000009", REJECTED),
    Resident("陈静", "Chen Jing", date(1988, 10, 14), "M2000010", CANCELLED),
    Resident("赵敏", "Zhao Min", date(1996, 4, 5), "M2000011", ACTIVE),
    Resident("孙浩", "Sun Hao", date(1983, 1, 25), "M2000012", LOST),
)
"""The first is a draft that ana began; ana wrote all of them, bo decided."""


def _draft(clerk: ServiceClient, person: Person) -> UUID:
    application = clerk.create_application(person)
    clerk.store_photo(application.citizen_id, portrait(person.document_number))
    return application.id


def seed(plan: Plan, stage: Stage) -> dict[str, CardFiles]:
    """Bring each as far as it is said above; the cards of those who have one, by their name in Latin letters."""
    cards = {}
    with ExitStack() as stack:
        clerk, approver = (stack.enter_context(plan.caller(name)) for name in FOUNDING_OFFICERS)
        for number, resident in enumerate(RESIDENTS, 11):
            if resident.comes_for in _STEPS:
                _STEPS[resident.comes_for](clerk, approver, resident.person)
                continue
            files = CardFiles.named(plan.folder, f"resident-{number}")
            application = enrol(clerk, resident.person)
            produce(plan, stage, files, application, f"CC-0000-00{number}")
            if resident.comes_for == LOST:
                citizen = clerk.application(application).citizen_id
                clerk.report_loss(LossReportRequest(citizen_id=citizen, kind=LossKind.LOST, channel=Channel.DESK))
            cards[resident.name_latin] = files
    return cards


_STEPS: Final[Mapping[str, Callable[[ServiceClient, ServiceClient, Person], object]]] = {
    DRAFT: lambda clerk, _, person: _draft(clerk, person),
    SUBMITTED: lambda clerk, _, person: enrol(clerk, person),
    APPROVED: lambda clerk, approver, person: approver.approve(enrol(clerk, person)),
    REJECTED: lambda clerk, approver, person: approver.reject(enrol(clerk, person), "the photograph shows two people"),
    CANCELLED: lambda clerk, _, person: clerk.cancel(enrol(clerk, person), "moved away"),
}
