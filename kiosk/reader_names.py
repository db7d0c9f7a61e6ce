"""Readers by name: ``slot:PATH`` is a reader in this process, anything else the name of a PC/SC reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from readers.connection import CardReader
from readers.pcsc import find_reader
from readers.virtual.loopback import LoopbackReader

SLOT: Final = "slot:"


def reader_opener(name: str, *, contactless: bool) -> Callable[[], CardReader]:
    """What finds the reader, at once or again later. It raises ReaderError while there is none."""
    if name.startswith(SLOT):
        return lambda: LoopbackReader(Path(name.removeprefix(SLOT)), contactless=contactless)
    return lambda: find_reader(name, contactless=contactless)
