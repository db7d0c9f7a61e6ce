"""``readers inspect``."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from readers.commands.shared import (
    InterfaceOption,
    JsonOption,
    ReaderOption,
    certificates_in,
    chosen_reader,
    print_json,
    reading_file,
    reporting,
    shown,
)
from readers.connection import CardReader
from readers.piv.dumps import read_dump
from readers.piv.identifiers import ObjectId
from readers.piv.judging import Depth, Finding, Judgement, Severity, Trust, Verdict
from readers.piv.judging.inspecting import CardReading, read_card
from readers.piv.judging.showing import show
from readers.piv.pin import Pin

_STATUS: Final = {Judgement.RIGHT: 0, Judgement.REFUSED: 1, Judgement.OPEN: 6}
_COLOURS: Final = {Judgement.RIGHT: "green", Judgement.REFUSED: "red", Judgement.OPEN: "yellow"}
_SIGNS: Final = {Severity.FAULT: "[red]fault[/]", Severity.OPEN: "[yellow]open[/]", Severity.NOTE: "note"}

FilesOption = list[Path] | None


def inspect(
    *,
    reader: ReaderOption = None,
    contactless: InterfaceOption = None,
    objects: Annotated[
        Path | None, typer.Option(help="Judge the dump in this folder, one file an object, and no card.")
    ] = None,
    trust: Annotated[FilesOption, typer.Option(help="PEM file of trusted certificates. May be repeated.")] = None,
    intermediate: Annotated[
        FilesOption, typer.Option(help="PEM file with certificates that may link the card's to a trusted one.")
    ] = None,
    crl: Annotated[
        FilesOption, typer.Option(help="Revocation list, PEM or DER. With one, every certificate must be on record.")
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"], help="As of when (UTC)."),
    ] = None,
    pin: Annotated[
        bool, typer.Option("--pin", help="Ask for the PIN (or take it from standard input), and judge all of the card.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read every object of a PIV card, show it, and say whether the card is right.

    Without --pin the depth is "tap": what a reader sees without the holder. Exit status 0 when the card is right, 1
    when it is refused, 6 when nothing is wrong but something could not be judged: without --trust, or without a current
    revocation list where --crl wants one.

    Example: readers inspect --trust root.pem --intermediate issuing.pem --crl issuing.crl --pin
    """
    when = _aware(at)
    believed = Trust(certificates_in(trust or ()), certificates_in(intermediate or ()), _lists(crl))
    with reporting(as_json=as_json):
        if objects is not None:
            reading = CardReading(Depth.FULL, _dump(objects), {})
        else:
            reading = _read(chosen_reader(reader, contactless=contactless), with_pin=pin)
    verdict = reading.judged(believed, when)
    if as_json:
        print_json(_as_json(reading, verdict, when))
    else:
        Console().print(_as_text(reading, verdict))
    status = _STATUS[verdict.judgement]
    if status:
        raise typer.Exit(status)


def _read(reader: CardReader, *, with_pin: bool) -> CardReading:
    pin = _ask_pin() if with_pin else None
    with reader.connect() as connection:
        return read_card(connection, secrets.token_bytes, pin=pin)


def _ask_pin() -> Pin:
    """From the terminal, without echo, or a line from a program: what stands on a command line every process can read.

    The card is not connected to meanwhile: others would wait for whoever is asked.
    """
    asked = sys.stdin.isatty()
    try:
        return Pin(typer.prompt("PIN", hide_input=True, err=True) if asked else sys.stdin.readline().rstrip("\r\n"))
    except ValueError as error:
        raise typer.BadParameter("a PIN has six to eight digits") from error


def _dump(folder: Path) -> Mapping[ObjectId, bytes]:
    with reading_file(folder, "dump of a card"):
        found = read_dump(folder)
    if not found:
        raise typer.BadParameter(f"no file in {folder} is named like an object of a card, such as 5FC102 or chuid")
    return found


def _aware(at: datetime | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _lists(files: FilesOption) -> Sequence[bytes] | None:
    if not files:
        return None
    found = []
    for file in files:
        with reading_file(file, "revocation list, in PEM or DER"):
            found.append(_list(file.read_bytes()))
    return found


def _list(raw: bytes) -> bytes:
    load = x509.load_pem_x509_crl if raw.startswith(b"-----") else x509.load_der_x509_crl
    return load(raw).public_bytes(Encoding.DER)


def _as_json(reading: CardReading, verdict: Verdict, when: datetime) -> dict[str, Any]:
    return {
        "verdict": verdict.judgement,
        "depth": verdict.depth,
        "at": when.isoformat(),
        "findings": [_finding_json(finding) for finding in verdict.findings],
        "objects": {object_id.name: dict(show(object_id, content)) for object_id, content in reading.objects.items()},
        "keys_challenged": [f"{key:02X}" for key in reading.proofs],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "where": finding.where,
        "severity": finding.severity.name.lower(),
        "seen": dict(finding.seen),
    }


def _as_text(reading: CardReading, verdict: Verdict) -> Group:
    contents = Table("object", "", "", title=f"what the card holds (depth: {verdict.depth})", title_justify="left")
    for object_id, content in reading.objects.items():
        for position, (name, value) in enumerate(show(object_id, content)):
            contents.add_row("" if position else object_id.name, name, shown(value))
    findings = Table("", "finding", "where", "seen", title="findings", title_justify="left")
    for finding in verdict.findings:
        seen = ", ".join(f"{name}: {value or 'none'}" for name, value in finding.seen.items())
        findings.add_row(_SIGNS[finding.severity], finding.code, shown(finding.where), shown(seen))
    word = Text(verdict.judgement.upper(), style=f"bold {_COLOURS[verdict.judgement]}")
    return Group(contents, findings, word) if verdict.findings else Group(contents, word)
