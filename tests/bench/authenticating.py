"""Authentications per second of the real service, beside an empty FastAPI endpoint on the same server.

The proofs are made beforehand, each over a challenge of its own; the client is a process of its own; afterwards the
audit records in the database are counted and must equal the answers.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, text

from cardsvc.client import ServiceClient, statement
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.levels import Level
from kiosk.city.founding import KIOSK, Plan, found, open_service
from kiosk.city.issuing import STOCK_NUMBER, issue
from kiosk.city.processes import ChildProcess, python
from kiosk.city.stage import CardFiles, LoopbackStage, Place
from readers.piv.identifiers import KeyReference
from readers.piv.session import PivSession

CONNECTIONS = 16
BATCH = 16
WARM_UP = 200
TURNS = 5


@dataclass(frozen=True, slots=True)
class Load:
    """What a client process reported."""

    per_second: float
    ms: tuple[float, ...]
    accepted: int

    @classmethod
    def run(cls, port: int, token: str, bodies: list[str]) -> Load:
        """Send every body once, from a process of its own."""
        requests = {
            "path": "/v1/authentications",
            "headers": {"Authorization": f"Bearer {token}"},
            "bodies": bodies,
        }
        done = subprocess.run(
            python("tests.bench.load", str(port), str(CONNECTIONS)),
            input=json.dumps(requests),
            capture_output=True,
            text=True,
            check=True,
        )
        answer = json.loads(done.stdout)
        accepted = sum(count for status, count in answer["statuses"].items() if status in {"200", "201"})
        return cls(len(bodies) / answer["seconds"], tuple(answer["ms"]), accepted)


def measure(folder: Path, database_url: str, proofs: int) -> dict[str, Any]:
    """Found a city on ``database_url`` (SQLite when empty), issue a card, and authenticate it ``proofs`` times.

    Service and empty endpoint take turns, so that what else the machine does falls on both.
    """
    plan = replace(Plan.for_folder(folder), database_url=database_url)
    found(plan)
    with open_service(plan), _open_empty(folder) as empty_port:
        kiosk = plan.caller(KIOSK)
        bodies = _prepare(plan, kiosk, WARM_UP + proofs)
        before = count_audit_records(plan)
        pairs = [
            (Load.run(plan.service_port, kiosk.access_token(), part), Load.run(empty_port, "", part))
            for part in (bodies[:WARM_UP], *(bodies[WARM_UP + turn :: TURNS] for turn in range(TURNS)))
        ]
        audited = count_audit_records(plan) - before
    accepted = sum(service.accepted for service, _ in pairs)
    if not audited == accepted == len(bodies):
        raise RuntimeError(f"{accepted} of {len(bodies)} proofs accepted, {audited} in the audit log")
    return _summary(pairs[1:])


def _summary(pairs: list[tuple[Load, Load]]) -> dict[str, Any]:
    times = sorted(ms for service, _ in pairs for ms in service.ms)
    ratios = [service.per_second / empty.per_second for service, empty in pairs]
    return {
        "per_second": round(statistics.median(service.per_second for service, _ in pairs)),
        "of_empty_endpoint": round(statistics.median(ratios), 3),
        "p99_ms": round(times[int(len(times) * 0.99) - 1], 2),
        "empty_per_second": round(statistics.median(empty.per_second for _, empty in pairs)),
    }


def _prepare(plan: Plan, kiosk: ServiceClient, count: int) -> list[str]:
    """Issue a card and have it make the proofs."""
    stage, card = LoopbackStage(plan.folder), CardFiles.named(plan.folder, STOCK_NUMBER)
    card_uuid = issue(plan, stage, card)
    stage.put_on(card, Place.CONTACTLESS)
    with stage.reader(Place.CONTACTLESS).connect() as connection:
        return make_proofs(kiosk, PivSession.open(connection), card_uuid, count)


def make_proofs(kiosk: ServiceClient, session: PivSession, card_uuid: UUID, count: int) -> list[str]:
    """Have the card answer ``count`` challenges, each as a JSON body ready to send."""
    bodies: list[str] = []
    while len(bodies) < count:
        for challenge in kiosk.challenges(Level.TAP, BATCH):
            digest = statement(challenge, card_uuid).digest
            proof = CardProof(
                challenge_handle=challenge.handle,
                card_uuid=card_uuid,
                level=Level.TAP,
                audience=challenge.audience,
                signature=session.sign_digest(KeyReference.CARD_AUTHENTICATION, digest),
            )
            bodies.append(proof.model_dump_json())
    return bodies[:count]


def count_audit_records(plan: Plan) -> int:
    """Accepted authentications in the audit log, counted in the database itself."""
    engine = create_engine(plan.environment["CARDSVC_DATABASE_URL"])
    with closing(engine.connect()) as connection:
        sql = "SELECT count(*) FROM audit_records WHERE event = 'authentication' AND outcome = 'ok'"
        return int(connection.execute(text(sql)).scalar_one())


@contextmanager
def _open_empty(folder: Path) -> Iterator[int]:
    """An application that does nothing, on the same server program and settings; yields its port."""
    command = python("uvicorn", "tests.bench.empty:app", "--port=0", "--no-access-log", "--log-level=info")
    with ChildProcess("empty", command, {}, folder / "empty.log") as process:
        yield int(process.wait_for("running on http://127.0.0.1:").split(" ", 1)[0])
