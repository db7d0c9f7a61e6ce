"""What the service told this kiosk to be, on the disk: one that is started without a network goes on by it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from cardsvc.wire.fleet import FleetPlan
from kiosk.journal import replace_file
from kiosk.visit.ending import Rules

_log = structlog.get_logger()


class KeptStanding:
    """Whether the kiosk is out of service, and the plan that it follows. Without a folder nothing is kept.

    A file that is not right keeps it out of service, until the service is heard.
    """

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / "standing.json"
        self.disabled = False
        self.plan: FleetPlan | None = None
        if self._file is not None and self._file.exists():
            self._read(self._file)

    def keep(self, *, disabled: bool, plan: FleetPlan | None) -> None:
        """Write it down. Raises OSError."""
        if self._file is not None:
            document: dict[str, Any] = {"disabled": disabled, "plan": plan and plan.model_dump(mode="json")}
            replace_file(self._file, json.dumps(document).encode())

    def _read(self, file: Path) -> None:
        try:
            kept = json.loads(file.read_bytes())
            self.plan = None if kept["plan"] is None else FleetPlan.model_validate(kept["plan"])
            self.disabled = bool(kept["disabled"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.error("what the service told is not right on the disk", why=type(error).__name__)
            self.disabled = True


def rules_of(plan: FleetPlan | None, rules: Rules) -> Rules:
    """The kiosk's own rules, with what the plan says."""
    if plan is None:
        return rules
    settings = plan.settings
    return replace(
        rules,
        idle=timedelta(seconds=settings.idle_seconds),
        longest=timedelta(seconds=settings.visit_seconds),
        notice=timedelta(seconds=settings.notice_seconds),
        language=settings.language,
    )
