"""What the commands of ``readers`` share: options, which reader is meant, and how failures end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography import x509
from rich.console import Console
from rich.markup import escape

from readers import pcsc
from readers.errors import (
    CardBusy,
    CardMute,
    CardRemoved,
    NoCard,
    NoSuchReader,
    NotAPivCard,
    PcscUnavailable,
    ReaderError,
)
from readers.printable import printable
from readers.watched import WatchedReader

_EXIT_STATUS: Final = ((PcscUnavailable, 3), (NoSuchReader, 3), (NoCard, 4), (CardRemoved, 4), (ReaderError, 5))
"""The first that fits."""

_DOCTOR_KNOWS: Final = (PcscUnavailable, NoSuchReader, NoCard, CardMute, CardBusy, NotAPivCard)

_complaints: Final = Console(stderr=True)

ReaderOption = Annotated[
    str | None,
    typer.Option(help="Name of the reader, or a part of it. Default: the only one with a card.", show_default=False),
]
InterfaceOption = Annotated[
    bool | None,
    typer.Option("--contactless/--contact", help="What the reader is, if its name misleads.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]


def chosen_reader(name: str | None, *, contactless: bool | None, wait: float = 0.0) -> WatchedReader:
    """The reader that is meant, with a card in it after ``wait`` seconds at most."""
    known = _only_one(pcsc.list_readers()) if name is None else pcsc.find_reader(name)
    meant = known if contactless is None else pcsc.PcscReader(known.name, contactless=contactless)
    reader = WatchedReader(meant)
    if wait:
        reader.wait_for_card(wait)
    return reader


def _only_one(readers: Sequence[pcsc.PcscReader]) -> pcsc.PcscReader:
    candidates = readers if len(readers) < 2 else [reader for reader in readers if reader.present()]
    if not readers:
        raise NoSuchReader(None)
    if not candidates:
        raise NoCard("no reader has a card")
    if len(candidates) > 1:
        names = ", ".join(reader.name for reader in candidates)
        raise typer.BadParameter(f"several readers have a card: name one with --reader; {names}")
    return candidates[0]


def certificates_in(files: Sequence[Path]) -> list[x509.Certificate]:
    """All certificates of files in PEM, or in DER."""
    found: list[x509.Certificate] = []
    for file in files:
        with reading_file(file, "certificate, in PEM or DER"):
            found += _certificates(file.read_bytes())
    return found


def _certificates(content: bytes) -> list[x509.Certificate]:
    if content.startswith(b"\x30"):
        return [x509.load_der_x509_certificate(content)]
    return x509.load_pem_x509_certificates(content)


@contextmanager
def reading_file(file: Path, what: str) -> Iterator[None]:
    """Where it fails, say which file cannot be read, or holds no ``what``: that is wrong usage."""
    try:
        yield
    except OSError as error:
        raise typer.BadParameter(f"{file}: {(error.strerror or 'cannot be read').lower()}") from error
    except ValueError as error:
        raise typer.BadParameter(f"{file} holds no {what}") from error


@contextmanager
def reporting(*, as_json: bool) -> Iterator[None]:
    """Say what went wrong and end with the exit status for it."""
    try:
        yield
    except ReaderError as error:
        if as_json:
            print_json({"error": kind_of(error), "detail": str(error)})
        else:
            _complaints.print(printable(str(error)), style="red", markup=False, soft_wrap=True)
            if isinstance(error, _DOCTOR_KNOWS):
                _complaints.print("`readers doctor` says why, and what to do.", markup=False)
        raise typer.Exit(next(status for kind, status in _EXIT_STATUS if isinstance(error, kind))) from error


def shown(text: str) -> str:
    """As `rich` takes it in a table: nothing in it is markup, or more than letters to a terminal."""
    return escape(printable(text))


def kind_of(error: ReaderError) -> str:
    """``CertificateExpired`` → ``certificate-expired``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def print_json(value: object) -> None:
    """For programs."""
    typer.echo(json.dumps(value, indent=2))
