"""What somebody's card is locked for, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cardsvc.wire.levels import Level
from cardsvc.wire.locks import CardLock
from cardsvc.wire.manifest import OutcomeField, Texts
from kiosk.city_services.texts import same, texts
from kiosk.city_services.times import day

LEVELS: Final[Mapping[Level, Texts]] = {
    Level.TAP: texts("Everything without a PIN", "所有无需密码的业务", "Tudo o que não exige PIN"),
    Level.PIN: texts("Everything with a PIN", "所有需密码的业务", "Tudo o que exige PIN"),
    Level.SIGN: texts("Everything that is signed", "所有需签名的业务", "Tudo o que é assinado"),
}
_NOTHING: Final = texts("Your card is not locked", "您的卡未被锁定", "O seu cartão não está bloqueado")
_SOMETHING: Final = texts("Your card is locked for", "您的卡已锁定", "O seu cartão está bloqueado para")

Told = tuple[Texts, tuple[OutcomeField, ...]]
"""A title, and lines."""


def tell(locks: Sequence[CardLock], names: Mapping[str, Texts]) -> Told:
    """All of them."""
    return _SOMETHING if locks else _NOTHING, _lines(locks, names)


def tell_locked(locks: Sequence[CardLock], names: Mapping[str, Texts]) -> Told:
    """After one was set."""
    return texts("Your card is locked", "您的卡已锁定", "O seu cartão está bloqueado"), _lines(locks, names)


def tell_unlocked(locks: Sequence[CardLock], names: Mapping[str, Texts]) -> Told:
    """After one was lifted: what is left."""
    return texts("Your card is unlocked", "您的卡已解锁", "O seu cartão está desbloqueado"), _lines(locks, names)


def _lines(locks: Sequence[CardLock], names: Mapping[str, Texts]) -> tuple[OutcomeField, ...]:
    return tuple(OutcomeField(label=_name(lock, names), value=_since(lock)) for lock in locks)


def _name(lock: CardLock, names: Mapping[str, Texts]) -> Texts:
    if lock.level is not None:
        return LEVELS[lock.level]
    code = lock.department or ""
    return names.get(code) or same(lock.title or code)


def _since(lock: CardLock) -> Texts:
    since = day(lock.since)
    return texts(f"since {since}", f"自{since}起", f"desde {since}")
