"""What a process holds: descriptors and memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Vitals:
    """One look at a process."""

    handles: int
    resident_kb: int


def look(process_id: int) -> Vitals:
    """Raises FileNotFoundError when it is gone."""
    room = Path(f"/proc/{process_id}")
    found = re.search(r"VmRSS:\s+(\d+) kB", (room / "status").read_text())
    return Vitals(len(list((room / "fd").iterdir())), int(found[1]) if found else 0)


def find_daemon(socket: str) -> int | None:
    """Process id, as seen from here, of the pcscd that listens at this socket."""
    directory = str(Path(socket).parents[2])
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if words[0].endswith("pcscd") and any(word.startswith(directory) for word in words):
            return int(path.parent.name)
    return None
