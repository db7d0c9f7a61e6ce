"""What the events of the audit log are to the citizen whom they are about, in the words of the city's screens.

An event that is named here is told by its own sentence; any other by the sentence of its kind, the part before the dot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cardsvc.wire.history import Deed
from cardsvc.wire.manifest import Language
from cardsvc.wire.people import Purpose

Words = Mapping[Language, str]


def _in_all(english: str, chinese: str, portuguese: str) -> Words:
    return {Language.ENGLISH: english, Language.CHINESE: chinese, Language.PORTUGUESE: portuguese}


_OPENED: Final = _in_all("An officer opened your data", "工作人员查看了您的资料", "Um funcionário abriu os seus dados")
_FOUND: Final = _in_all(
    "You were among the results of a search", "您出现在一次查询结果中", "Apareceu nos resultados de uma pesquisa"
)
_ASKED: Final = _in_all("A department asked about you", "某部门查询了您的信息", "Um departamento perguntou por si")
_TOLD: Final = _in_all(
    "A department was told something about you", "向某部门提供了您的信息", "Um departamento recebeu dados seus"
)
_VERIFIED: Final = _in_all(
    "A department had confirmed what it was told",
    "某部门核实了已提供的信息",
    "Um departamento confirmou o que recebera",
)
_LOCKED: Final = _in_all("Your card was locked", "您的卡已被锁定", "O seu cartão foi bloqueado")
_UNLOCKED: Final = _in_all("Your card was unlocked", "您的卡已被解锁", "O seu cartão foi desbloqueado")
_CHANGED: Final = _in_all("Your data was changed", "您的资料已更改", "Os seus dados foram alterados")
_ERASED: Final = _in_all("Your data was erased", "您的资料已删除", "Os seus dados foram apagados")
_HANDLED: Final = _in_all(
    "Your application or card was handled", "您的申请或卡已处理", "O seu pedido ou cartão foi tratado"
)
_USED: Final = _in_all("Your card was used", "您的卡被使用", "O seu cartão foi usado")
_SIGNED: Final = _in_all(
    "You signed a document for a department", "您为某部门签署了文件", "Assinou um documento para um departamento"
)
_READ: Final = _in_all("This list was read", "查看了本列表", "Esta lista foi lida")
_IDENTIFIED: Final = _in_all(
    "Two officers found out who you are for a department",
    "两名工作人员为某部门查明了您的身份",
    "Dois funcionários apuraram quem é para um departamento",
)
_WARNED: Final = _in_all(
    "A department reported an incident with your data",
    "某部门报告了涉及您资料的事件",
    "Um departamento comunicou um incidente com os seus dados",
)
_INVESTIGATION: Final = _in_all(
    "A step of an investigation of you, secret until now",
    "对您的调查中的一个步骤，此前保密",
    "Um passo de uma investigação sobre si, secreto até agora",
)
_INVESTIGATED: Final = _in_all(
    "Your data was looked at in an investigation, in secret until now",
    "您的资料曾在调查中被查看，此前保密",
    "Os seus dados foram vistos numa investigação, em segredo até agora",
)
_OTHER: Final = _in_all("Something else about you", "其他与您有关的事项", "Outra coisa sobre si")

EVENTS: Final[Mapping[str, tuple[Deed, Words]]] = {
    "person.open": (Deed.LOOKED, _OPENED),
    "person.open-versions": (Deed.LOOKED, _OPENED),
    "person.open-life": (Deed.LOOKED, _OPENED),
    "person.search": (Deed.FOUND, _FOUND),
    "person.duplicates": (Deed.FOUND, _FOUND),
    "person.erase": (Deed.CHANGED, _ERASED),
    "person.erase-again": (Deed.CHANGED, _ERASED),
    "photo.open": (Deed.LOOKED, _OPENED),
    "document.open": (Deed.LOOKED, _OPENED),
    "document.list": (Deed.LOOKED, _OPENED),
    "application.view": (Deed.LOOKED, _OPENED),
    "card.view": (Deed.LOOKED, _OPENED),
    "card.proxy.view": (Deed.LOOKED, _OPENED),
    "card.report.view": (Deed.LOOKED, _OPENED),
    "answer.replay": (Deed.LOOKED, _OPENED),
    "registry.view": (Deed.LOOKED, _OPENED),
    "locks.read": (Deed.LOOKED, _in_all("Your locks were read", "查看了您的锁定设置", "Os seus bloqueios foram lidos")),
    "cards.read": (Deed.LOOKED, _in_all("Your cards were listed", "列出了您的卡", "Os seus cartões foram listados")),
    "locks.set": (Deed.LOCKED, _LOCKED),
    "locks.lift": (Deed.LOCKED, _UNLOCKED),
    "access-history.read": (Deed.LOOKED, _READ),
    "assertion.issue": (Deed.TOLD, _TOLD),
    "assertion.verify": (Deed.VERIFIED, _VERIFIED),
    "card-authentication": (Deed.TOLD, _TOLD),
    "authentication": (Deed.USED, _USED),
    "card.activate": (Deed.USED, _in_all("You put your card into force", "您已启用卡", "Ativou o seu cartão")),
    "officer.sign-in": (
        Deed.USED,
        _in_all(
            "Your card was used to sign in at a desk",
            "您的卡被用于柜台登录",
            "O seu cartão foi usado para entrar num balcão",
        ),
    ),
    "guardian.consent": (Deed.USED, _USED),
    "investigation.open": (Deed.INVESTIGATED, _INVESTIGATED),
    "investigation.read-history": (Deed.INVESTIGATED, _INVESTIGATED),
    "tap.offline": (
        Deed.TOLD,
        _in_all(
            "You held your card to a kiosk without a network, which passed it on later",
            "您在离线自助机上刷卡，信息其后转交",
            "Aproximou o cartão de um quiosque sem rede, que o comunicou mais tarde",
        ),
    ),
    "signature": (Deed.TOLD, _SIGNED),
    "signature.request": (
        Deed.USED,
        _in_all(
            "You were shown a document to sign", "向您展示了待签署的文件", "Foi-lhe mostrado um documento para assinar"
        ),
    ),
    "visit.end": (Deed.USED, _in_all("Your visit ended", "您的办理已结束", "A sua sessão terminou")),
}
KINDS: Final[Mapping[str, tuple[Deed, Words]]] = {
    "application": (Deed.HANDLED, _HANDLED),
    "approval": (Deed.HANDLED, _HANDLED),
    "card": (Deed.HANDLED, _HANDLED),
    "registry": (Deed.HANDLED, _HANDLED),
    "investigation": (Deed.INVESTIGATED, _INVESTIGATION),
    "transition": (Deed.HANDLED, _HANDLED),
    "card-standing": (Deed.ASKED, _ASKED),
    "question": (Deed.ASKED, _ASKED),
    "evidence": (Deed.VERIFIED, _VERIFIED),
    "department": (Deed.TOLD, _TOLD),
    "pseudonym": (Deed.IDENTIFIED, _IDENTIFIED),
    "incident": (Deed.WARNED, _WARNED),
    "document": (Deed.CHANGED, _CHANGED),
    "guardian": (Deed.CHANGED, _CHANGED),
    "person": (Deed.CHANGED, _CHANGED),
    "photo": (Deed.CHANGED, _CHANGED),
}
"""By the part of an event before its first dot."""

PURPOSES: Final[Mapping[str, Words]] = {
    Purpose.ENROLMENT: _in_all("Enrolment", "登记", "Inscrição"),
    Purpose.APPLICATION: _in_all("Application for a card", "申办卡", "Pedido de cartão"),
    Purpose.RENEWAL: _in_all("Renewal", "换发", "Renovação"),
    Purpose.REPLACEMENT: _in_all("Replacement", "补发", "Substituição"),
    Purpose.LOSS_REPORT: _in_all("Report of a loss", "挂失", "Participação de perda"),
    Purpose.COLLECTION: _in_all("Collection of a card", "领卡", "Levantamento do cartão"),
    Purpose.CORRECTION: _in_all("Correction", "更正", "Correção"),
    Purpose.COMPLAINT: _in_all("Complaint", "投诉", "Reclamação"),
    Purpose.SUPERVISION: _in_all("Supervision", "监督", "Supervisão"),
    Purpose.COURT_ORDER: _in_all("Order of a court", "法院命令", "Ordem judicial"),
    Purpose.ERASURE: _in_all("Erasure", "删除资料", "Apagamento"),
    Purpose.CARD_LOCK: _in_all("Locking the card", "锁定卡", "Bloqueio do cartão"),
}
"""The purposes of officers; those of departments are in their policies."""


def deed_of(event: str) -> tuple[Deed, Words]:
    """What an event is to the citizen."""
    return EVENTS.get(event) or KINDS.get(event.partition(".")[0]) or (Deed.OTHER, _OTHER)
