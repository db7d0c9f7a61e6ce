"""Who looked at somebody's data, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cardsvc.wire.history import AccessEntry, AccessHistory
from cardsvc.wire.manifest import Language, OutcomeField, Texts, text_in
from kiosk.city_services.locks import Told
from kiosk.city_services.texts import same, texts
from kiosk.city_services.times import minute

MOST: Final = 20
"""As many as a screen shows; the desk prints them all."""
_OK: Final = "ok"
_NOT_DONE: Final = texts("refused", "已拒绝", "recusado")


def tell(history: AccessHistory, names: Mapping[str, Texts]) -> Told:
    """The newest entries, with departments named as the kiosk names them.

    Their numbers have no gaps: where one is missing, that is said first.
    """
    shown = history.entries[:MOST]
    title = texts(
        f"{history.total} entries; the newest come first",
        f"共{history.total}条记录，最新的在前",
        f"{history.total} registos, os mais recentes primeiro",
    )
    return title, (*_missing(history.total, shown), *(_line(entry, names) for entry in shown))


def _missing(total: int, shown: Sequence[AccessEntry]) -> tuple[OutcomeField, ...]:
    numbers = [entry.number for entry in shown]
    expected = range(total, total - len(shown), -1)
    if numbers == list(expected):
        return ()
    gone = ", ".join(str(number) for number in expected if number not in numbers) or str(total)
    label = texts("Entries are missing", "记录有缺失", "Faltam registos")
    return (OutcomeField(label=label, value=gone, prominent=True),)


def _line(entry: AccessEntry, names: Mapping[str, Texts]) -> OutcomeField:
    who = entry.actor_title or entry.actor
    said = {language: _sentence(entry, names, language) for language in Language}
    return OutcomeField(label=same(f"{minute(entry.at)} · {who}"), value=said)


def _sentence(entry: AccessEntry, names: Mapping[str, Texts], language: Language) -> str:
    parts = [text_in(entry.words, language)]
    if entry.department_title is not None:
        parts.append(text_in(names.get(entry.department or "") or same(entry.department_title), language))
    if entry.purpose_words is not None:
        parts.append(text_in(entry.purpose_words, language))
    if entry.outcome != _OK:
        parts.append(text_in(_NOT_DONE, language))
    return " · ".join(parts)
