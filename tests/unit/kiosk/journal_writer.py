"""Writes entries to a journal and dies by SIGKILL at its nth call of the system, with half of a write done.

journal_writer.py FOLDER ENTRIES CALL: says on standard output each entry that is acknowledged.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.journal import Journal

folder, entries, fatal = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
calls = itertools.count(1)
write = os.write


def mortal(call: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == fatal:
            if call is write:
                descriptor, content = args
                write(descriptor, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)

    return called


for owner, name in ((os, "write"), (os, "fsync"), (os, "open"), (Path, "replace")):
    setattr(owner, name, mortal(getattr(owner, name)))

with Journal(folder, "kiosk-1") as journal:
    for number in range(entries):
        sys.stdout.write(f"{journal.append(b'entry %d' % number).sequence}\n")
        sys.stdout.flush()
