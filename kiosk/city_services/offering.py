"""The city's own services, as the kiosk's screens know services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Manifest, Outcome, OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.city_services import cards, history, locks
from kiosk.city_services.asking import CitizenSide
from kiosk.city_services.texts import texts
from kiosk.city_services.times import city_date, receipt

DEPARTMENT: Final = "city"
"""Stands where a department's code does; no department has it."""
TITLES: Final = texts("My card and my data", "我的卡与数据", "O meu cartão e os meus dados")


class UnknownCityService(LookupError):
    """Raised for a code that is none of these services'."""


@dataclass(frozen=True, slots=True)
class CityServices:
    """Draws the manifest and does what is asked."""

    service: CitizenSide
    departments: Mapping[str, Texts]
    """Those that this kiosk knows, and what they are called."""
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    @property
    def manifest(self) -> Manifest:
        """As a department's; each service is of level ``pin`` and wants to know nothing."""
        choices = self._locking() if self.departments else ()
        return Manifest(department=DEPARTMENT, titles=TITLES, services=(_HISTORY, _CARDS, _LOSS, _LOCKS, *choices))

    def serve(self, code: str, visit_token: str, entered: Mapping[str, Any]) -> Outcome:
        """Do it, for whose visit it is. What was entered is valid against the service's schema.

        Sent again it does the same: who is locked out stays so.

        Raises:
            UnknownCityService: there is no such service.
            ServiceProblem, ServiceUnreachable: the card service refuses, or does not answer.
        """
        work = self._works.get(code)
        if work is None:
            raise UnknownCityService(code)
        title, fields = work(visit_token, entered)
        return Outcome(title=title, fields=fields, receipt=receipt(self.clock()))

    @property
    def _works(self) -> Mapping[str, Callable[[str, Mapping[str, Any]], tuple[Texts, tuple[OutcomeField, ...]]]]:
        service, names = self.service, self.departments
        return {
            _CARDS.code: lambda token, _: cards.tell(service.own_cards(token), city_date(self.clock())),
            _LOSS.code: lambda token, _: cards.tell_reported(service.report_other_card(token)),
            _HISTORY.code: lambda token, _: history.tell(service.own_access_history(token)),
            _LOCKS.code: lambda token, _: locks.tell(service.own_locks(token), names),
            LOCK: lambda token, entered: locks.tell_locked(
                service.lock_card(token, department=entered["department"]), names
            ),
            UNLOCK: lambda token, entered: locks.tell_unlocked(
                service.unlock_card(token, department=entered["department"]), names
            ),
        }

    def _locking(self) -> tuple[ServiceDescription, ...]:
        return tuple(
            ServiceDescription(
                code=code,
                titles=titles,
                summaries=summaries,
                level=Level.PIN,
                input={
                    "type": "object",
                    "properties": {
                        "department": {
                            "type": "string",
                            "enum": list(self.departments),
                            "x-titles": texts("Which department?", "哪个部门？", "Que departamento?"),
                            "x-choices": dict(self.departments),
                        }
                    },
                    "required": ["department"],
                    "additionalProperties": False,
                },
            )
            for code, titles, summaries in _LOCKING
        )


LOCK: Final = "lock-card"
UNLOCK: Final = "unlock-card"
_HISTORY: Final = ServiceDescription(
    code="access-history",
    titles=texts("Who looked at my data", "谁查看过我的数据", "Quem viu os meus dados"),
    summaries=texts(
        "See who looked at your data, when and why.",
        "查询谁在何时、因何查看过您的数据。",
        "Veja quem viu os seus dados, quando e porquê.",
    ),
    level=Level.PIN,
    result=ResultKind.INFORMATION,
)
_CARDS: Final = ServiceDescription(
    code="my-cards",
    titles=texts("My cards", "我的卡", "Os meus cartões"),
    summaries=texts(
        "See until when your card is good, and when to renew it.",
        "查询卡的有效期及换领时间。",
        "Veja até quando o cartão é válido e quando o deve renovar.",
    ),
    level=Level.PIN,
    result=ResultKind.INFORMATION,
)
_LOSS: Final = ServiceDescription(
    code="other-card-lost",
    titles=texts("I lost my other card", "挂失我的另一张卡", "Perdi o meu outro cartão"),
    summaries=texts(
        "You have a temporary card, and the other one is not at home? Report it lost. If it was stolen, go to a desk.",
        "您持有临时卡，而原卡已找不到？请在此挂失；如被盗，请到服务台办理。",
        "Tem um cartão temporário e o outro não está em casa? Participe a perda. Se foi roubado, vá a um balcão.",
    ),
    level=Level.PIN,
)
_LOCKS: Final = ServiceDescription(
    code="card-locks",
    titles=texts("What my card is locked for", "我的卡锁定情况", "Para que está bloqueado o meu cartão"),
    summaries=texts(
        "See for which departments you locked your card.",
        "查询您已对哪些部门锁定卡片。",
        "Veja para que departamentos bloqueou o seu cartão.",
    ),
    level=Level.PIN,
    result=ResultKind.INFORMATION,
)
_LOCKING: Final = (
    (
        LOCK,
        texts("Lock my card for a department", "对部门锁定我的卡", "Bloquear o cartão para um departamento"),
        texts(
            "Your card then opens nothing there, for you or for anybody.",
            "锁定后任何人（包括您本人）均无法用此卡在该部门办理。",
            "O cartão deixa de servir nesse departamento, para si e para qualquer pessoa.",
        ),
    ),
    (
        UNLOCK,
        texts("Unlock my card for a department", "对部门解锁我的卡", "Desbloquear o cartão para um departamento"),
        texts(
            "Use your card there again.",
            "恢复在该部门使用您的卡。",
            "Volte a usar o cartão nesse departamento.",
        ),
    ),
)
