"""Carrying the table out: in small transactions, so that nobody waits for long; safe to repeat and to break off."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.db import SessionFactory, reading, transaction
from cardsvc.retention.rules import ACTOR, RULES, Deed, Rule

_AT_ONCE: Final = 200


def count_due(sessions: SessionFactory, now: datetime) -> dict[str, int]:
    """How many of each kind are past their time; deletes nothing."""
    with reading(sessions) as session:
        return {rule.name: _count(session, rule, now) for rule in RULES}


def run(sessions: SessionFactory, erasures_file: Path, now: datetime) -> dict[str, int]:
    """Delete what is past its time; how many of each kind. What was deleted is on record, by number."""
    deed = Deed(now, erasures_file)
    return {rule.name: _run(sessions, rule, deed) for rule in RULES}


def as_markdown() -> str:
    """The table, for docs/retention.md."""
    head = "| kind | what | kept for | counted from | why it may go then |\n|---|---|---|---|---|\n"
    lines = (f"| `{rule.name}` | {rule.what} | {_words(rule)} | {rule.since} | {rule.why} |\n" for rule in RULES)
    return head + "".join(lines)


def _run(sessions: SessionFactory, rule: Rule, deed: Deed) -> int:
    done = 0
    while True:
        with transaction(sessions) as session:
            ids = session.scalars(rule.find(deed.now - rule.keep).limit(_AT_ONCE)).all()
            if not ids:
                return done
            rule.end(session, ids, deed)
            record(session, event="retention", outcome=OK, actor=ACTOR, now=deed.now, rule=rule.name, count=len(ids))
            done += len(ids)


def _count(session: Session, rule: Rule, now: datetime) -> int:
    due = rule.find(now - rule.keep).subquery()
    return session.scalar(select(func.count()).select_from(due)) or 0


def _words(rule: Rule) -> str:
    days = rule.keep.days
    if not days:
        return f"{int(rule.keep.total_seconds()) // 60} minute"
    number, unit = (days // 365, "year") if days % 365 == 0 else (days, "day")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
