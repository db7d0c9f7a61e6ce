"""A sandbox's folder: where its service answers, whose card is in which file, and that it is open."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from kiosk.city.founding import Plan
from kiosk.city.sandbox.securing import tls_root
from kiosk.city.stage import CardFiles

_LOCK: Final = "sandbox.lock"
_RECORD: Final = "sandbox.json"
SETTINGS: Final[Mapping[str, str]] = {
    "CARDSVC_SANDBOX": "true",
    "CARDSVC_PRINTED_ISSUER": "TEST",
    "CARDSVC_CONSENT_AGE": "0",  # a department does not see who agreed to a minor's card
    "CARDSVC_WEBHOOK_PRIVATE_ADDRESSES": "true",  # a developer's receiver is on this machine
    "CARDSVC_INCIDENT_CONTACT": "mailto:nobody@sandbox.invalid",
}
"""Everything about a sandbox says that it is one."""


class SandboxTrouble(Exception):
    """Raised when a sandbox cannot be opened or is not open, with the sentence that says why."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A test person's place in the service, and the card they carry."""

    code: str
    citizen_id: str
    card_uuid: str
    stock_number: str

    @property
    def uuid(self) -> UUID:
        """Of the card."""
        return UUID(self.card_uuid)

    def card(self, plan: Plan) -> CardFiles:
        """The card that they carry."""
        return CardFiles.named(plan.folder, self.stock_number)


@dataclass(frozen=True, slots=True)
class Room:
    """A sandbox that is open."""

    plan: Plan
    holders: Mapping[str, Holder]

    @classmethod
    def at(cls, folder: Path) -> Room:
        """What is open in this folder. Raises SandboxTrouble."""
        try:
            record = json.loads((folder / _RECORD).read_text())
        except FileNotFoundError:
            raise SandboxTrouble(f"no sandbox is open in {folder}: open one with `city sandbox`") from None
        holders = {holder["code"]: Holder(**holder) for holder in record["people"]}
        return cls(plan_for(folder, record["port"], secured=record["secured"]), holders)

    def holder(self, code: str) -> Holder:
        """Raises SandboxTrouble for nobody."""
        try:
            return self.holders[code]
        except KeyError:
            raise SandboxTrouble(f"there is no {code} here, but {', '.join(self.holders)}") from None

    def write(self) -> None:
        """Leave word of all this for whoever plays, in one go."""
        plan, people = self.plan, [asdict(holder) for holder in self.holders.values()]
        record = {"port": plan.service_port, "secured": plan.tls_root is not None, "people": people}
        fresh = self.plan.folder / f".{_RECORD}.{os.getpid()}"
        fresh.write_text(json.dumps(record, indent=2))
        fresh.replace(self.plan.folder / _RECORD)


def plan_for(folder: Path, port: int, *, secured: bool = False) -> Plan:
    """A city without departments and without a kiosk's screen; with HTTPS if it is secured."""
    return Plan(folder, port, {}, 0, settings=SETTINGS, tls_root=tls_root(folder) if secured else None)


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """An empty folder that is nobody else's, removed at the end. What a sandbox that was killed left is thrown away.

    Raises SandboxTrouble when another sandbox is open there, or it is no sandbox's folder.
    """
    lock = folder / _LOCK
    if folder.exists() and any(folder.iterdir()) and not lock.exists():
        raise SandboxTrouble(f"{folder} holds something that is no sandbox: name another folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SandboxTrouble(f"a sandbox is open in {folder} already") from None
        for left in folder.iterdir():
            if left != lock:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)
