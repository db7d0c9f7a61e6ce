"""What somebody has with a department: how it stands, what of it is new, and taking it back.

A department declares kinds of matters (`Kind`): what an officer decides, appointments, tickets, payments. From them
come three services of level ``pin``, alike in every department: `MINE` tells how everything stands, with a button
beside what can be taken back; `NEWS` tells what was not told yet, for a kiosk to ask unasked; `TAKE_BACK` takes one
back. A matter is taken back once: each kind takes the row itself away, or changes its state, in one statement that
says whether it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Action, OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.departments.contract.declaration import MINE, NEWS, Answer, Service, Visit
from kiosk.departments.contract.forms import choice, form
from kiosk.departments.contract.keeping import ContractBase
from kiosk.departments.contract.storage import insert_into
from kiosk.departments.contract.texts import texts

TAKE_BACK: Final = "take-back"
CANCEL: Final = texts("Cancel it", "取消", "Cancelar")
WITHDRAW: Final = texts("Withdraw it", "撤回", "Retirar")
NOTHING: Final = texts("You have nothing open with us", "您在此没有事项", "Não tem nada connosco")


class ToldMatters(ContractBase):
    """Up to when somebody was told how their matters stand."""

    __tablename__ = "told_matters"

    pseudonym: Mapped[str] = mapped_column(String(128), primary_key=True)
    told_until: Mapped[datetime]
    """When the newest thing happened that they were told."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that somebody has here."""

    line: OutcomeField
    """How it stands; its action says what can be done about it."""
    happened_at: datetime | None = None
    """When something came of it that is worth telling unasked."""
    more: tuple[OutcomeField, ...] = ()
    """What there is to say besides."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of matters."""

    code: str
    titles: Texts
    """What one of them is called."""
    of: Callable[[Session, str, datetime], Iterable[Matter]]
    """Those of the citizen with this pseudonym, at this time."""
    take_back: Callable[[Session, Visit, str], Answer] | None = None
    """Take the one with this reference back, if it is this citizen's. Raises `NothingToTakeBack` if it is not (now)."""

    def back(self, reference: str, titles: Texts) -> Action:
        """What stands beside one that can be taken back."""
        return Action(service=TAKE_BACK, titles=titles, input={"kind": self.code, "reference": reference})


@dataclass(frozen=True)
class Matters:
    """All kinds of a department."""

    kinds: Sequence[Kind]

    @property
    def services(self) -> tuple[Service, Service, Service]:
        """What a department offers for them."""
        return (
            Service(_MINE, self._tell, confirm_online=True),
            Service(_NEWS, self._news),
            Service(_taking_back(self.kinds), self._take_back, confirm_online=True),
        )

    def _tell(self, session: Session, visit: Visit) -> Answer:
        matters = list(self._of(session, visit))
        until = _told_until(session, visit)
        fields = tuple(line for matter in matters for line in (_marked(matter, until), *matter.more))
        newest = max((matter.happened_at for matter in matters if matter.happened_at), default=None)
        if newest is not None and (until is None or newest > until):
            _remember(session, visit, newest)
        return Answer(title=_TITLES if fields else NOTHING, fields=fields)

    def _news(self, session: Session, visit: Visit) -> Answer:
        until = _told_until(session, visit)
        lines = [_marked(matter, until) for matter in self._of(session, visit)]
        return Answer(title=_NEWS.titles, fields=tuple(line for line in lines if line.new))

    def _take_back(self, session: Session, visit: Visit) -> Answer:
        taking = {kind.code: kind.take_back for kind in self.kinds if kind.take_back is not None}
        return taking[visit.input["kind"]](session, visit, visit.input["reference"])

    def _of(self, session: Session, visit: Visit) -> Iterable[Matter]:
        for kind in self.kinds:
            yield from kind.of(session, visit.visitor.pseudonym, visit.now)


def _marked(matter: Matter, told_until: datetime | None) -> OutcomeField:
    happened = matter.happened_at
    new = happened is not None and (told_until is None or happened > told_until)
    return matter.line.model_copy(update={"new": new})


def _told_until(session: Session, visit: Visit) -> datetime | None:
    told = session.get(ToldMatters, visit.visitor.pseudonym)
    return None if told is None else told.told_until


def _remember(session: Session, visit: Visit, until: datetime) -> None:
    row = insert_into(session, ToldMatters).values(pseudonym=visit.visitor.pseudonym, told_until=until)
    session.execute(
        row.on_conflict_do_update(
            index_elements=[ToldMatters.pseudonym],
            set_={"told_until": until},
            where=ToldMatters.told_until < until,
        )
    )


_TITLES: Final = texts("Your applications", "您的申请", "Os seus pedidos")
_MINE: Final = ServiceDescription(
    code=MINE,
    titles=texts("My applications", "我的申请", "Os meus pedidos"),
    summaries=texts(
        "See what became of what you asked for or reported, and take it back if you like.",
        "查询您的申请或举报的处理结果，也可在此撤回。",
        "Veja o que aconteceu com o que pediu ou comunicou; também o pode retirar.",
    ),
    level=Level.PIN,
    result=ResultKind.INFORMATION,
)
_NEWS: Final = ServiceDescription(
    code=NEWS,
    titles=texts("News for you", "给您的通知", "Novidades para si"),
    summaries=texts(
        "What was decided since you were here last.",
        "自您上次来访以来的处理结果。",
        "O que foi decidido desde a sua última visita.",
    ),
    level=Level.PIN,
    result=ResultKind.INFORMATION,
    listed=False,
)


def _taking_back(kinds: Sequence[Kind]) -> ServiceDescription:
    reference: dict[str, Any] = {
        "type": "string",
        "pattern": "^[A-Za-z0-9-]{4,40}$",
        "minLength": 4,
        "maxLength": 40,
        "examples": ["MI-7K3F-9Q2M-AB"],
        "x-titles": texts("Number", "编号", "Número"),
    }
    return ServiceDescription(
        code=TAKE_BACK,
        titles=texts("Take back", "撤回或取消", "Retirar ou cancelar"),
        summaries=texts(
            "Withdraw an application, or cancel what you do not need any more.",
            "撤回申请，或取消您不再需要的事项。",
            "Retire um pedido ou cancele o que já não precisa.",
        ),
        level=Level.PIN,
        input=form(
            kind=choice(texts("What", "事项", "O quê"), {kind.code: kind.titles for kind in kinds if kind.take_back}),
            reference=reference,
        ),
        listed=False,
    )
