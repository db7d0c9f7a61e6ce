"""Brings a journal back and dies by SIGKILL at its nth step: before it, or right after it.

mortal_bringer.py FOLDER STEP before|after: FOLDER holds the journal; ``taken`` and ``answered`` there stand for what
the service and the department have on their disks: a line for each entry, or key, whenever it comes.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from cardsvc.wire.manifest import Outcome, ServiceRequest
from cardsvc.wire.offline_taps import JudgedTap, OfflineEntry, TapVerdict
from kiosk.journal import Journal
from kiosk.offline.bringing import Bringer

folder, fatal, when = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
steps = itertools.count(1)


def mortal(step: Callable[..., Any]) -> Callable[..., Any]:
    def stepped(*args: Any, **kwargs: Any) -> Any:
        last = next(steps) == fatal
        if last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = step(*args, **kwargs)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return stepped


def note(name: str, line: str) -> None:
    with (folder / name).open("a") as file:
        file.write(f"{line}\n")


class Service:
    """Takes what comes."""

    client_id = "kiosk-1"

    def offline_package(self) -> str:
        raise NotImplementedError

    status_list = root_certificate = offline_package

    @mortal
    def submit_offline_taps(self, entries: Sequence[OfflineEntry]) -> list[JudgedTap]:
        for entry in entries:
            note("taken", f"{entry.sequence} {entry.hash.hex()}")
        accepted = TapVerdict.ACCEPTED
        return [
            JudgedTap(
                sequence=entry.sequence,
                hash=entry.hash,
                tap_id=uuid5(NAMESPACE_OID, str(entry.sequence)),
                verdict=accepted,
                assertion="assertion",
            )
            for entry in entries
        ]


class Department:
    """Answers what comes."""

    @mortal
    def ask(self, _base_url: str, service: str, request: ServiceRequest, key: UUID) -> Outcome:
        note("answered", f"{key} {service} {request.input['slip']}")
        return Outcome(title={"en": "Done"}, receipt="EN-0001")


for owner, name in ((os, "write"), (os, "fsync"), (os, "ftruncate"), (Path, "replace")):
    setattr(owner, name, mortal(getattr(owner, name)))

with Journal(folder, "kiosk-1") as journal:
    bringer = Bringer(journal, Service(), Department(), {"environment": "http://127.0.0.1:1"}, lambda: None)  # type: ignore[arg-type]
    if not bringer.bring():
        sys.exit("something is left")
