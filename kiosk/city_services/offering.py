"""The city's own services, as the kiosk's screens know services."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypedDict

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Manifest, Outcome, OutcomeField, ResultKind, ServiceDescription, Texts
from kiosk.city_services import cards, history, locks
from kiosk.city_services.asking import CitizenSide
from kiosk.city_services.texts import texts
from kiosk.city_services.times import city_date, receipt
from kiosk.offers import Offer, offers_of

DEPARTMENT: Final = "city"
"""Stands where a department's code does; no department has it."""
TITLES: Final = texts("My card and my data", "我的卡与数据", "O meu cartão e os meus dados")


class UnknownCityService(LookupError):
    """Raised for a code that is none of these services'."""


@dataclass(frozen=True, slots=True)
class CityServices:
    """Draws the manifest and does what is asked."""

    service: CitizenSide
    departments: Callable[[], Mapping[str, Texts]]
    """Those that this kiosk knows now, and what they are called."""
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    matters: Callable[[str], Sequence[OutcomeField]] = lambda _: ()
    """What all departments say that somebody has with them, by the visit's token."""
    gathering: Callable[[], Collection[tuple[str, str]]] = frozenset
    """The services, by department and code, that this kiosk asks of all departments at once."""

    @property
    def manifest(self) -> Manifest:
        """As a department's; each service is of level ``pin`` and wants to know nothing."""
        locking = (self._lock(LOCK, LOCKED_FOR), self._lock(UNLOCK, UNLOCKED_FOR))
        return Manifest(
            department=DEPARTMENT, titles=TITLES, services=(_MATTERS, _HISTORY, _CARDS, _PIN, _LOCKS, *locking, _LOSS)
        )

    @property
    def offers(self) -> tuple[Offer, ...]:
        """All of them, for the screen."""
        return offers_of(self.manifest, "", own=True)

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

    def pin_changed(self) -> Outcome:
        """What is said after the card has taken another PIN. The card service has no part in it."""
        return Outcome(title=_PIN_CHANGED, fields=(_PIN_LINE,), receipt=receipt(self.clock()))

    @property
    def _works(self) -> Mapping[str, Callable[[str, Mapping[str, Any]], tuple[Texts, tuple[OutcomeField, ...]]]]:
        service, names = self.service, self.departments()
        return {
            MATTERS: lambda token, _: self._tell_matters(token),
            _CARDS.code: lambda token, _: cards.tell(service.own_cards(token), city_date(self.clock())),
            _LOSS.code: lambda token, _: cards.tell_reported(service.report_other_card(token)),
            _HISTORY.code: lambda token, _: history.tell(service.own_access_history(token), names, self.gathering()),
            _LOCKS.code: lambda token, _: locks.tell(service.own_locks(token), names),
            LOCK: lambda token, entered: locks.tell_locked(service.lock_card(token, **_target(entered["what"])), names),
            UNLOCK: lambda token, entered: locks.tell_unlocked(
                service.unlock_card(token, **_target(entered["what"])), names
            ),
        }

    def reminders(self, visit_token: str) -> tuple[OutcomeField, ...]:
        """What the city itself has to say unasked: that it is time to renew the card. Raises as `serve` does."""
        title, _ = cards.tell(self.service.own_cards(visit_token), city_date(self.clock()))
        return (OutcomeField(label=TITLES, value=title),) if title is cards.RENEW else ()

    def _tell_matters(self, token: str) -> tuple[Texts, tuple[OutcomeField, ...]]:
        fields = (*self.reminders(token), *self.matters(token))
        return _MATTERS.titles if fields else _NO_MATTERS, fields

    def _lock(self, code: str, levels: Collection[Level]) -> ServiceDescription:
        choices = {_LEVEL + level: locks.LEVELS[level] for level in levels} | dict(self.departments())
        titles, summaries = _LOCKING[code]
        what = {
            "type": "string",
            "enum": list(choices),
            "x-titles": texts("For what?", "锁定对象？", "Para quê?"),
            "x-hints": summaries,
            "x-choices": choices,
        }
        return ServiceDescription(
            code=code,
            titles=titles,
            summaries=summaries,
            level=Level.PIN,
            input={
                "type": "object",
                "properties": {"what": what},
                "required": ["what"],
                "additionalProperties": False,
            },
        )


class _Target(TypedDict):
    """What is locked: a department, or a level."""

    department: str | None
    level: Level | None


def _target(what: str) -> _Target:
    if what.startswith(_LEVEL):
        return {"department": None, "level": Level(what.removeprefix(_LEVEL))}
    return {"department": what, "level": None}


_LEVEL: Final = "level:"
"""Before a level, where a department's code could stand; no code has a colon."""
LOCKED_FOR: Final = (Level.TAP, Level.SIGN, Level.PIN)
UNLOCKED_FOR: Final = (Level.TAP, Level.SIGN)
"""Whoever has locked the card for all that takes the PIN has locked this out, too: then a desk unlocks it."""
LOCK: Final = "lock-card"
UNLOCK: Final = "unlock-card"
CHANGE_PIN: Final = "change-pin"
"""Done by the card in the slot, with screens of its own."""
MATTERS: Final = "my-matters"
_NO_MATTERS: Final = texts(
    "There is nothing of yours at any department", "您在各部门均无事项", "Não tem nada em nenhum departamento"
)
_MATTERS: Final = ServiceDescription(
    code=MATTERS,
    titles=texts("My applications and news", "我的申请与通知", "Os meus pedidos e novidades"),
    summaries=texts(
        "See how everything stands at all departments, and take back what you like.",
        "查询您在各部门的所有事项，也可在此撤回。",
        "Veja em que ponto está tudo, em todos os departamentos, e retire o que quiser.",
    ),
    level=Level.PIN,
    result=ResultKind.INFORMATION,
)
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
_PIN: Final = ServiceDescription(
    code=CHANGE_PIN,
    titles=texts("Change my PIN", "修改密码", "Mudar o meu PIN"),
    summaries=texts(
        "Choose a new PIN for the card in the slot. You need the old one.",
        "为插入的卡设置新密码，需输入原密码。",
        "Escolha um PIN novo para o cartão na ranhura. Precisa do antigo.",
    ),
    level=Level.PIN,
)
_PIN_CHANGED: Final = texts("Your PIN is changed", "密码已修改", "O seu PIN foi mudado")
_PIN_LINE: Final = OutcomeField(
    label=texts("From now on", "自即刻起", "A partir de agora"),
    value=texts(
        "Only the new PIN opens this card: the card itself has confirmed it. Nobody else knows it.",
        "此卡仅接受新密码，已由卡片确认。除您之外无人知晓。",
        "Só o PIN novo abre este cartão: o próprio cartão o confirmou. Mais ninguém o conhece.",
    ),
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
        "See for what you locked your card.",
        "查询您的卡已锁定哪些部门或业务。",
        "Veja para que bloqueou o seu cartão.",
    ),
    level=Level.PIN,
    result=ResultKind.INFORMATION,
)
_LOCKING: Final[Mapping[str, tuple[Texts, Texts]]] = {
    LOCK: (
        texts("Lock my card", "锁定我的卡", "Bloquear o meu cartão"),
        texts(
            "For a department or a kind of service. Nobody can then use your card for it, you neither. "
            "If you lock everything with a PIN, only a desk can unlock it.",
            "可对某部门或某类业务锁定，锁定后任何人（包括您本人）均无法用此卡办理。如锁定所有需密码的业务，须到服务台解锁。",
            "Para um departamento ou um tipo de serviço. Ninguém pode então usar o cartão para isso, nem o titular. "
            "Se bloquear tudo o que exige PIN, só um balcão o desbloqueia.",
        ),
    ),
    UNLOCK: (
        texts("Unlock my card", "解锁我的卡", "Desbloquear o meu cartão"),
        texts(
            "Use your card again for what you locked it for.",
            "恢复使用您已锁定的业务。",
            "Volte a usar o cartão para o que tinha bloqueado.",
        ),
    ),
}
