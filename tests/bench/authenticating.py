"""Authentications per second of the real service, beside an empty FastAPI endpoint on the same server.

The proofs are made beforehand, each over a challenge of its own; the client is a process of its own; afterwards the
audit records in the database are counted and must equal the answers.
"""

from __future__ import annotations

import json
import subprocess
from contextlib import closing
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


@dataclass(frozen=True, slots=True)
class Load:
    """What the client process reported."""

    per_second: float
    p99_ms: float
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
        times = sorted(answer["ms"])
        accepted = sum(count for status, count in answer["statuses"].items() if status in {"200", "201"})
        return cls(len(times) / answer["seconds"], times[int(len(times) * 0.99) - 1], accepted)


def measure(folder: Path, database_url: str, proofs: int) -> dict[str, Any]:
    """Found a city on ``database_url`` (SQLite when empty), issue a card, and authenticate it ``proofs`` times."""
    plan = replace(Plan.for_folder(folder), database_url=database_url)
    stage = LoopbackStage(folder)
    card = CardFiles.named(folder, STOCK_NUMBER)
    found(plan)
    with open_service(plan):
        card_uuid = issue(plan, stage, card)
        kiosk = plan.caller(KIOSK)
        stage.put_on(card, Place.CONTACTLESS)
        with stage.reader(Place.CONTACTLESS).connect() as connection:
            bodies = make_proofs(kiosk, PivSession.open(connection), card_uuid, WARM_UP + proofs)
        before = count_audit_records(plan)
        warm_up = Load.run(plan.service_port, kiosk.access_token(), bodies[:WARM_UP])
        service = Load.run(plan.service_port, kiosk.access_token(), bodies[WARM_UP:])
        audited = count_audit_records(plan) - before
    if audited != warm_up.accepted + service.accepted or service.accepted != proofs:
        raise RuntimeError(f"{service.accepted} of {proofs} proofs accepted, {audited} in the audit log")
    empty = _empty_endpoint(folder, bodies)
    return {
        "per_second": round(service.per_second),
        "of_empty_endpoint": round(service.per_second / empty.per_second, 3),
        "p99_ms": round(service.p99_ms, 2),
        "empty_per_second": round(empty.per_second),
    }


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


def _empty_endpoint(folder: Path, bodies: list[str]) -> Load:
    """The same requests to an application that does nothing, on the same server program and settings."""
    command = python("uvicorn", "tests.bench.empty:app", "--port=0", "--no-access-log", "--log-level=info")
    with ChildProcess("empty", command, {}, folder / "empty.log") as process:
        port = int(process.wait_for("running on http://127.0.0.1:").split(" ", 1)[0])
        Load.run(port, "", bodies[:WARM_UP])
        return Load.run(port, "", bodies[WARM_UP:])
