"""The inbox, drawn as plain pages without a script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cardsvc.wire.manifest import Language, OutcomeField, Texts, text_in
from kiosk.departments.contract.clock import CITY_TIME
from kiosk.departments.contract.declaration import Department, Service
from kiosk.departments.contract.inbox.models import WITHDRAWN, Case
from kiosk.departments.contract.inbox.status import TAKEN_BACK
from kiosk.departments.contract.inbox.words import NAMES, words_in

_FOLDER: Final = Path(__file__).parent
STYLE: Final = (_FOLDER / "inbox.css").read_bytes()
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def entrance(department: Department, language: Language, code: str) -> str:
    """A button that uses up the link."""
    return _draw("entrance.html", department, language, code=code)


def listing(
    department: Department, language: Language, officer: str, waiting: Sequence[Case], settled: Sequence[Case]
) -> str:
    """All that waits, and what was settled last."""
    shown = {
        "waiting": [_row(department, language, case) for case in waiting],
        "settled": [_row(department, language, case) for case in settled],
    }
    return _draw("listing.html", department, language, officer=officer, **shown)


def case(department: Department, language: Language, officer: str, case: Case, service: Service) -> str:
    """One case, with what may be said to it."""
    verdicts = [(code, text_in(said, language)) for code, said in service.verdicts.items()]
    lines = [OutcomeField.model_validate(line) for line in case.lines]
    shown = {
        "case": _row(department, language, case),
        "lines": [(text_in(line.label, language), _said(line.value, language)) for line in lines],
        "verdicts": verdicts,
    }
    return _draw("case.html", department, language, officer=officer, **shown)


def _row(department: Department, language: Language, case: Case) -> dict[str, Any]:
    service = department.service(case.service)
    verdicts = {WITHDRAWN: TAKEN_BACK, **({} if service is None else service.verdicts)}
    verdict = verdicts.get(case.verdict or "")
    return {
        "id": case.id,
        "receipt": case.receipt,
        "title": case.service if service is None else text_in(service.description.titles, language),
        "opened_at": _time(case.opened_at),
        "verdict": case.verdict if verdict is None else text_in(verdict, language),
        "note": case.note,
        "decided_by": case.decided_by,
        "decided_at": None if case.decided_at is None else _time(case.decided_at),
    }


def _said(value: str | Texts, language: Language) -> str:
    return value if isinstance(value, str) else text_in(value, language)


def _time(at: datetime) -> str:
    return at.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M")


_templates: Final = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def _draw(template: str, department: Department, language: Language, **shown: Any) -> str:
    shown |= {"department": text_in(department.titles, language), "words": words_in(language)}
    return _templates.get_template(template).render(lang=language.value, languages=NAMES, **shown)
