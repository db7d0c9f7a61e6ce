"""What must hold after each death: looked up in the database itself, whatever the service says."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select

from cardsvc.audit.models import AuditRecord
from cardsvc.audit.sequencer import Sequencer
from cardsvc.audit.service import OK
from cardsvc.audit.signing import LogSigner
from cardsvc.authentication.models import Visit
from cardsvc.db import reading
from kiosk.city.processes import python
from tests.fixtures.mortal import MortalService


@dataclass
class Findings:
    """What is wrong. All of them are empty when everything holds."""

    lost: list[str] = field(default_factory=list)
    """Challenges whose answer was acknowledged, and whose record is not there as it was told."""
    doubled: list[str] = field(default_factory=list)
    """Challenges that were accepted more than once."""
    strange: list[str] = field(default_factory=list)
    """Accepted, and never sent; a visit too many or too few; a refusal that nobody expects."""
    log: list[str] = field(default_factory=list)
    """What `cardsvc audit verify` said."""

    @property
    def none(self) -> bool:
        return not (self.lost or self.doubled or self.strange or self.log)


def judge(service: MortalService, sent: set[UUID], said: Mapping[UUID, UUID]) -> tuple[Findings, set[UUID]]:
    """What is wrong, and which challenges were accepted."""
    found = Findings()
    with reading(service.services.sessions) as session:
        statement = select(AuditRecord.id, AuditRecord.challenge_id).where(
            AuditRecord.event == "authentication", AuditRecord.outcome == OK
        )
        records = {row.id: row.challenge_id for row in session.execute(statement)}
        visits = session.scalar(select(func.count()).select_from(Visit)) or 0
    accepted = Counter(records.values())
    found.lost = [str(challenge) for challenge, name in said.items() if records.get(name) != challenge]
    found.doubled = [str(challenge) for challenge, count in accepted.items() if count > 1]
    found.strange = [f"accepted, never sent: {challenge}" for challenge in accepted.keys() - sent]
    if visits != len(records):
        found.strange.append(f"{len(records)} authentications and {visits} visits")
    found.log = verify_log(service)
    return found, set(accepted)


def verify_log(service: MortalService) -> list[str]:
    """Every record gets its place, and then the command that an operator has."""
    services = service.services
    Sequencer(services.sessions, LogSigner.of(services.keystore, services.settings.issuer), services.clock).sequence()
    done = subprocess.run(
        python("cardsvc.cli", "audit", "verify", "--json"),
        env={**os.environ, **service.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if done.returncode == 0 else [done.stdout + done.stderr]
