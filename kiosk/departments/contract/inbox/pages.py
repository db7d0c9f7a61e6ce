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

_FOLDER: Final = Path(__file__).parent
STYLE: Final = (_FOLDER / "inbox.css").read_bytes()
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_OFFICERS: Final = Language.ENGLISH
"""The language of the inbox."""


def entrance(department: Department, code: str) -> str:
    """A button that uses up the link."""
    return _draw("entrance.html", department, code=code)


def listing(department: Department, officer: str, waiting: Sequence[Case], settled: Sequence[Case]) -> str:
    """All that waits, and what was settled last."""
    rows = {"waiting": [_row(department, case) for case in waiting], "settled": [_row(department, c) for c in settled]}
    return _draw("listing.html", department, officer=officer, **rows)


def case(department: Department, officer: str, case: Case, service: Service) -> str:
    """One case, with what may be said to it."""
    verdicts = [(code, _word(said)) for code, said in service.verdicts.items()]
    lines = [OutcomeField.model_validate(line) for line in case.lines]
    said = [(_word(line.label), line.value if isinstance(line.value, str) else _word(line.value)) for line in lines]
    return _draw("case.html", department, officer=officer, case=_row(department, case), lines=said, verdicts=verdicts)


def _row(department: Department, case: Case) -> dict[str, Any]:
    service = department.service(case.service)
    verdicts = {WITHDRAWN: TAKEN_BACK, **({} if service is None else service.verdicts)}
    verdict = verdicts.get(case.verdict or "")
    return {
        "id": case.id,
        "receipt": case.receipt,
        "title": case.service if service is None else _word(service.description.titles),
        "opened_at": _time(case.opened_at),
        "verdict": case.verdict if verdict is None else _word(verdict),
        "note": case.note,
        "decided_by": case.decided_by,
        "decided_at": None if case.decided_at is None else _time(case.decided_at),
    }


def _word(said: Texts) -> str:
    return text_in(said, _OFFICERS)


def _time(at: datetime) -> str:
    return at.astimezone(CITY_TIME).strftime("%Y-%m-%d %H:%M")


_templates: Final = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def _draw(template: str, department: Department, **shown: Any) -> str:
    return _templates.get_template(template).render(department=_word(department.titles), **shown)
