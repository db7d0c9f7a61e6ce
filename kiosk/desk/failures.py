"""From what went wrong to what the desk says about it: what happened, what is safe, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import structlog

from cardsvc.client import ServiceProblem
from cardsvc.wire.manifest import Language
from cardsvc.wire.problems import Problem
from kiosk.desk.failure_table import BY_CLASS, BY_CODE, SAYINGS, UNFORESEEN, UNKNOWN_REFUSAL
from kiosk.desk.handing_over import CollectedByProxy, NotHandedOver
from kiosk.desk.issuing import NotInStock, OtherCardReserved
from kiosk.desk.relay import RelayRefused
from kiosk.desk.stock import SerialsMalformed
from kiosk.desk.words import Words
from readers.errors import CardBusy, WrongPin

_log = structlog.get_logger()

_UNKNOWN: Final = "…"
"""Stands for what a sentence names and the error does not carry."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Three lines for a clerk, and what an administrator needs, in small print."""

    happened: str
    safe: str
    next: str
    small_print: str = ""

    def __str__(self) -> str:
        return "\n".join(line for line in (self.happened, self.safe, self.next, self.small_print) if line)


def saying(error: BaseException, words: Words) -> Saying:
    """What to say about an error in the language of the words. What nobody foresaw is said, too, and logged."""
    name = name_of(error)
    if name == UNFORESEEN:
        _log.error("the desk met an error that nobody foresaw", kind=type(error).__name__, exc_info=error)
    elif name == UNKNOWN_REFUSAL:
        _log.warning("the card service refuses for a reason that is not known here", code=_code(error))
    texts, lines = words["failures"], SAYINGS[name]
    happened = texts["happened"][name].format_map(_Filled(_data(error), texts["states"]))
    return Saying(
        happened.strip(), texts["safe"][lines.safe], texts["next"][lines.next], _small_print(error, words.language)
    )


def name_of(error: BaseException) -> str:
    """The name of the saying: by the code of a refusal, else by the nearest class that has one."""
    code = _code(error)
    if code in BY_CODE:
        return BY_CODE[code]
    return next((BY_CLASS[kind] for kind in type(error).__mro__ if kind in BY_CLASS), UNFORESEEN)


class _Filled(dict[str, str]):
    """What is filled into a sentence."""

    def __init__(self, data: Mapping[str, Any], states: Mapping[str, str]) -> None:
        super().__init__({key: states.get(str(value), str(value)) for key, value in data.items()})

    def __missing__(self, key: str) -> str:
        return _UNKNOWN


def _code(error: BaseException) -> str:
    match error:
        case ServiceProblem():
            return error.problem.code
        case RelayRefused():
            return error.code
    return ""


def _data(error: BaseException) -> Mapping[str, Any]:
    match error:
        case ServiceProblem():
            return {key: _in_words(value) for key, value in error.problem.data.items()}
        case CardBusy():
            return {"holders": ", ".join(error.holders)}
    names = next((names for kind, names in _CARRIED.items() if isinstance(error, kind)), ())
    return {name: getattr(error, name) for name in names}


_CARRIED: Final[Mapping[type[Exception], tuple[str, ...]]] = {
    WrongPin: ("tries_left",),
    NotInStock: ("stock_number",),
    OtherCardReserved: ("stock_number",),
    NotHandedOver: ("state",),
    CollectedByProxy: ("who",),
    SerialsMalformed: ("line",),
}
"""What is filled in of an error: its attributes of these names."""


def _in_words(value: Any) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


def _small_print(error: BaseException, language: Language) -> str:
    """The code, the service's own words where the clerk reads its language, and where its log has it."""
    match error:
        case ServiceProblem():
            return " · ".join(filter(None, _of_problem(error.problem, language)))
        case RelayRefused():
            return " · ".join(filter(None, (error.code, error.detail if language is Language.ENGLISH else "")))
    return type(error).__name__ if name_of(error) == UNFORESEEN else ""


def _of_problem(problem: Problem, language: Language) -> tuple[str, str, str]:
    detail = problem.detail or problem.title
    return problem.code, detail if language is Language.ENGLISH else "", problem.instance or ""
