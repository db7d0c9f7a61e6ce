"""Somebody's cards, in words: until when they are good, when to renew them, and that the other one is on hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from cardsvc.wire.lifecycle import CardState
from cardsvc.wire.manifest import OutcomeField, Texts
from cardsvc.wire.own_cards import OwnCard, OwnLoss
from kiosk.city_services.locks import Told
from kiosk.city_services.texts import texts
from kiosk.city_services.times import day

_STATES: Final[Mapping[CardState, Texts]] = {
    CardState.ACTIVE: texts("in force", "有效", "em vigor"),
    CardState.HELD: texts("on hold", "已暂停", "suspenso"),
    CardState.DELIVERED: texts("not activated yet", "尚未启用", "ainda não ativado"),
}
_HERE: Final = texts("The card you put in", "您插入的卡", "O cartão que inseriu")
_OTHER: Final = texts("Another card of yours", "您的另一张卡", "Outro cartão seu")
RENEW: Final = texts(
    "It is time to renew your card. Please go to a desk.",
    "您的卡即将到期，请到服务台换领。",
    "É altura de renovar o seu cartão. Dirija-se a um balcão, por favor.",
)
_REPORTED: Final = texts(
    "Your other card is reported lost", "您的另一张卡已挂失", "A perda do seu outro cartão está participada"
)
_GOOD: Final = texts("Your cards", "您的卡", "Os seus cartões")


def tell(cards: Sequence[OwnCard], today: date) -> Told:
    """All of them; the title is a notice where the one that is there can be renewed."""
    due = any(card.here and card.renewal_opens_on is not None and card.renewal_opens_on <= today for card in cards)
    return RENEW if due else _GOOD, tuple(_line(card) for card in cards)


def tell_reported(loss: OwnLoss) -> Told:
    """That it is on hold, and how long it may be found."""
    return _REPORTED, (
        OutcomeField(label=texts("Report", "挂失编号", "Participação"), value=loss.number, prominent=True),
        OutcomeField(label=_IF_FOUND, value=day(loss.found_until)),
    )


def _line(card: OwnCard) -> OutcomeField:
    state = _STATES[card.state]
    if card.expires_on is None:
        return OutcomeField(label=_HERE if card.here else _OTHER, value=state)
    until = card.expires_on.isoformat()
    value = {language: f"{said} · {_UNTIL[language]} {until}" for language, said in state.items()}
    return OutcomeField(label=_HERE if card.here else _OTHER, value=value)


_IF_FOUND: Final = texts(
    "If you find it, tell a desk before", "如找到，请于此日前告知服务台", "Se o encontrar, avise um balcão até"
)
_UNTIL: Final = texts("until", "有效期至", "até")
