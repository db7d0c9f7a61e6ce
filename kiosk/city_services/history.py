"""Who looked at somebody's data, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from typing import Final

from cardsvc.wire.history import AccessEntry, AccessHistory
from cardsvc.wire.manifest import Language, OutcomeField, Texts, text_in
from kiosk.city_services.locks import Told
from kiosk.city_services.texts import same, texts
from kiosk.city_services.times import minute

MOST: Final = 20
"""As many as a screen shows; the desk prints them all."""
_OK: Final = "ok"
_TOLD: Final = "assertion.issue"
_GATHERED: Final = texts(
    "Departments were asked whether they have anything for you",
    "已询问各部门是否有您的事项",
    "Perguntou-se aos departamentos se têm algo para si",
)
_NOT_DONE: Final = texts("refused", "已拒绝", "recusado")


def tell(history: AccessHistory, names: Mapping[str, Texts], gathering: Collection[tuple[str, str]] = ()) -> Told:
    """The newest entries, with departments named as the kiosk names them.

    Their numbers have no gaps: where one is missing, that is said first. ``gathering`` are the services, by department
    and code, that kiosks ask of all departments at once: what was asked together is one line.
    """
    lines = list(islice(_together(history.entries, gathering), MOST))
    shown = [entry for line in lines for entry in line]
    title = texts(
        f"{history.total} entries; the newest come first",
        f"共{history.total}条记录，最新的在前",
        f"{history.total} registos, os mais recentes primeiro",
    )
    return title, (*_missing(history.total, shown), *(_line(line, names) for line in lines))


def _together(
    entries: Iterable[AccessEntry], gathering: Collection[tuple[str, str]]
) -> Iterator[tuple[AccessEntry, ...]]:
    """Neighbours that a kiosk asked at once, and told nothing of but who is there; every other one by itself."""

    def asked_at_once(entry: AccessEntry) -> tuple[object, ...]:
        gathered = (entry.department, entry.service) in gathering and not (entry.attributes or entry.questions)
        return (entry.actor, entry.outcome) if gathered and entry.event == _TOLD else (entry.number,)

    return (tuple(group) for _, group in groupby(entries, asked_at_once))


def _missing(total: int, shown: Sequence[AccessEntry]) -> tuple[OutcomeField, ...]:
    numbers = [entry.number for entry in shown]
    expected = range(total, total - len(shown), -1)
    if numbers == list(expected):
        return ()
    gone = ", ".join(str(number) for number in expected if number not in numbers) or str(total)
    label = texts("Entries are missing", "记录有缺失", "Faltam registos")
    return (OutcomeField(label=label, value=gone, prominent=True),)


def _line(entries: Sequence[AccessEntry], names: Mapping[str, Texts]) -> OutcomeField:
    first = entries[0]
    who = names.get(first.actor) or same(first.actor_title or first.actor)
    label = {language: f"{minute(first.at)} · {text_in(who, language)}" for language in Language}
    if len(entries) == 1:
        return OutcomeField(label=label, value={language: _sentence(first, names, language) for language in Language})
    return OutcomeField(label=label, value={language: _asked(entries, names, language) for language in Language})


def _asked(entries: Sequence[AccessEntry], names: Mapping[str, Texts], language: Language) -> str:
    departments = dict.fromkeys(_department(entry, names, language) for entry in entries)
    return " · ".join([text_in(_GATHERED, language), *departments, *_refused(entries[0], language)])


def _sentence(entry: AccessEntry, names: Mapping[str, Texts], language: Language) -> str:
    parts = [text_in(entry.words, language)]
    if entry.department_title is not None:
        parts.append(_department(entry, names, language))
    if entry.purpose_words is not None:
        parts.append(text_in(entry.purpose_words, language))
    return " · ".join([*parts, *_refused(entry, language)])


def _department(entry: AccessEntry, names: Mapping[str, Texts], language: Language) -> str:
    code = entry.department or ""
    return text_in(names.get(code) or same(entry.department_title or code), language)


def _refused(entry: AccessEntry, language: Language) -> list[str]:
    return [] if entry.outcome == _OK else [text_in(_NOT_DONE, language)]
