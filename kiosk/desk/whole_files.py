"""Files of the desk's that are there whole or not at all, whenever the power goes or the disk is full."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_whole(content: bytes, path: Path) -> None:
    """Nobody else can read it from the first byte on. What was there stays until it is written. Raises OSError."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(beside, "xb", opener=_for_the_owner_alone) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _for_the_owner_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
