"""``readers``: look at readers and cards from the command line.

Exit status: 0 done; 1 the card was judged and is not genuine; 2 wrong usage; 3 no PC/SC or no such reader; 4 no card,
or taken away; 5 the card or reader failed, or it is no PIV card.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from readers import identity, pcsc
from readers.commands.doctor import doctor
from readers.commands.tracing import trace_option
from readers.connection import CardConnection
from readers.errors import (
    CardInconsistent,
    CardNotAuthenticated,
    CardRemoved,
    NoCard,
    NoSuchReader,
    ObjectNotFound,
    PathError,
    PcscUnavailable,
    ProtocolError,
    ReaderError,
)
from readers.metering import MeteredConnection, Usage
from readers.piv.identifiers import KeyReference
from readers.piv.judging import verify_tap
from readers.piv.overview import Overview, overview
from readers.piv.session import DIGEST_SIZE, PivSession
from readers.piv.tap import TapResult, tap
from readers.roles import Identity, Roles, RolesInvalid
from readers.virtual.cli import card_app

_EXIT_STATUS: Final = ((PcscUnavailable, 3), (NoSuchReader, 3), (NoCard, 4), (CardRemoved, 4), (ReaderError, 5))
"""The first that fits."""

app = typer.Typer(callback=trace_option, no_args_is_help=True, add_completion=False, rich_markup_mode="markdown")
app.command()(doctor)
app.add_typer(card_app, name="card")

_console: Final = Console()
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


def main() -> None:
    """Entry point."""
    app()


@app.command("list")
def list_(
    *,
    roles: Annotated[Path | None, typer.Option(help="File that binds roles to readers: shows who has which.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the readers, what tells them apart (serial, USB port), and whether a card is there.

    Example: readers list --json
    """
    known = _roles(roles)
    with _reporting(as_json):
        rows = [
            {
                "name": reader.name,
                "contactless": reader.contactless,
                "card": reader.present(),
                **_identity_json(identity.identify(reader.name), known),
            }
            for reader in pcsc.list_readers()
        ]
    if as_json:
        _print_json(rows)
        return
    table = Table("reader", "interface", "card", "serial", "USB port", "role")
    for row in rows:
        weak = " (weak: bound by name)" if row["role_is_weak"] else ""
        table.add_row(
            escape(str(row["name"])),
            _interface(row["contactless"]),
            "present" if row["card"] else "-",
            escape(str(row["serial"] or "-")),
            str(row["usb"] or "-"),
            escape(str(row["role"] or "-")) + weak,
        )
    _console.print(table if rows else "no readers")


def _identity_json(reader: Identity, roles: Roles) -> dict[str, str | bool | None]:
    role, weak = roles.role_of(reader) or (None, False)
    return {"serial": reader.serial, "usb": reader.usb, "role": role, "role_is_weak": weak}


def _roles(file: Path | None) -> Roles:
    try:
        return Roles.load(file) if file else Roles({})
    except (RolesInvalid, OSError) as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def info(*, reader: ReaderOption = None, contactless: InterfaceOption = None, as_json: JsonOption = False) -> None:
    """Show what a PIV card says about itself: unverified, and without a PIN.

    Example: readers info --reader "Virtual PCD 00 00"
    """
    with _reporting(as_json), _reader(reader, contactless).connect() as connection:
        seen = overview(connection)
    if as_json:
        _print_json(_overview_json(seen))
        return
    table = Table("", "", show_header=False)
    for name, value in _overview_rows(seen):
        table.add_row(name, escape(value))
    _console.print(table)


@app.command("tap")
def tap_(
    *,
    reader: ReaderOption = None,
    contactless: InterfaceOption = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="PEM file; every certificate in it is trusted as it stands. May be repeated."),
    ] = None,
    intermediate: Annotated[
        list[Path] | None, typer.Option(help="PEM file with certificates that may link the card's to a trusted one.")
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a card.")] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Tap a card: it names itself and signs a random challenge with its key 9E, in three commands.

    Without --trust the verdict is "unverified": anybody can make a card that signs something. With --trust the card's
    certificate is read too (counted apart) and the verdict is "genuine", or "not-genuine" with the reason and exit
    status 1. Whether a genuine card was revoked only the service knows.

    Example: readers tap --trust root.pem --intermediate issuing.pem --json
    """
    with _reporting(as_json):
        anchors, intermediates = _certificates(trust or ()), _certificates(intermediate or ())
        report = _tap(_reader(reader, contactless, wait), anchors, intermediates)
    if as_json:
        _print_json(report.as_json())
    else:
        _console.print(report.as_table())
    if report.verdict is Verdict.NOT_GENUINE:
        raise typer.Exit(1)


class Verdict(StrEnum):
    """What a tap is worth."""

    UNVERIFIED = "unverified"
    GENUINE = "genuine"
    NOT_GENUINE = "not-genuine"


_NOT_GENUINE: Final = (PathError, CardInconsistent, CardNotAuthenticated, ObjectNotFound, ProtocolError)
"""What can be wrong with a card that taps and whose certificate is looked at."""


@dataclass(frozen=True, slots=True)
class TapReport:
    """What ``tap`` prints."""

    reader: str
    contactless: bool
    card_uuid: UUID
    verdict: Verdict
    reason: str | None
    """The kind of error, where it is not genuine."""
    tap: Usage
    judging: Usage
    """What reading the certificate took, after the tap."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "reader": self.reader,
            "contactless": self.contactless,
            "card_uuid": str(self.card_uuid),
            "verdict": self.verdict,
            "reason": self.reason,
            **_usage_json(self.tap),
            "judging": _usage_json(self.judging) if self.judging.apdus else None,
        }

    def as_table(self) -> Table:
        """For people."""
        table = Table("", "", show_header=False)
        table.add_row("reader", f"{escape(self.reader)} ({_interface(self.contactless)})")
        table.add_row("card UUID", str(self.card_uuid))
        table.add_row("verdict", self.verdict + (f": {self.reason}" if self.reason else ""))
        table.add_row("tap", _usage_text(self.tap))
        if self.judging.apdus:
            table.add_row("certificate", _usage_text(self.judging))
        return table


def _tap(
    reader: pcsc.PcscReader, anchors: Sequence[x509.Certificate], intermediates: Sequence[x509.Certificate]
) -> TapReport:
    with reader.connect() as bare:
        connection = MeteredConnection(bare)
        challenge = secrets.token_bytes(DIGEST_SIZE)
        began = time.perf_counter()
        result = tap(connection, lambda _: challenge)
        seconds, tapped = time.perf_counter() - began, connection.usage
        verdict, reason = _judge(connection, result, anchors, intermediates) if anchors else (Verdict.UNVERIFIED, None)
        judging = connection.usage - tapped
    whole = replace(tapped, seconds=seconds)
    return TapReport(reader.name, reader.contactless, result.card_uuid, verdict, reason, whole, judging)


def _judge(
    connection: CardConnection,
    result: TapResult,
    anchors: Sequence[x509.Certificate],
    intermediates: Sequence[x509.Certificate],
) -> tuple[Verdict, str | None]:
    try:
        certificate = PivSession.open(connection).read_certificate(KeyReference.CARD_AUTHENTICATION)
        verify_tap(result, certificate, intermediates, anchors, datetime.now(UTC))
    except _NOT_GENUINE as error:
        return Verdict.NOT_GENUINE, _kind(error)
    return Verdict.GENUINE, None


def _reader(name: str | None, contactless: bool | None, wait: float = 0.0) -> pcsc.PcscReader:
    """The reader that is meant, with a card in it after ``wait`` seconds at most."""
    reader = _only_one(pcsc.list_readers()) if name is None else pcsc.find_reader(name)
    if wait:
        reader.wait_for_card(wait)
    return reader if contactless is None else pcsc.PcscReader(reader.name, contactless=contactless)


def _only_one(readers: Sequence[pcsc.PcscReader]) -> pcsc.PcscReader:
    candidates = readers if len(readers) < 2 else [reader for reader in readers if reader.present()]
    if not readers:
        raise NoSuchReader(None)
    if not candidates:
        raise NoCard("no reader has a card")
    if len(candidates) > 1:
        raise typer.BadParameter("several readers have a card: name one with --reader")
    return candidates[0]


def _certificates(files: Sequence[Path]) -> list[x509.Certificate]:
    try:
        return [certificate for file in files for certificate in x509.load_pem_x509_certificates(file.read_bytes())]
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"no PEM certificates: {error}") from error


@contextmanager
def _reporting(as_json: bool) -> Iterator[None]:
    """Say what went wrong and end with the exit status for it."""
    try:
        yield
    except ReaderError as error:
        if as_json:
            _print_json({"error": _kind(error), "detail": str(error)})
        else:
            _complaints.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(next(status for kind, status in _EXIT_STATUS if isinstance(error, kind))) from error


def _overview_json(seen: Overview) -> dict[str, Any]:
    chuid = seen.chuid
    return {
        "atr": seen.atr.hex(),
        "contactless": seen.contactless,
        "product": seen.product.name,
        "card_uuid": str(chuid.guid) if chuid else None,
        "expires_on": chuid.expiry.isoformat() if chuid else None,
        "pin_tries_left": seen.pin_tries_left,
        "pin_verified": seen.pin_verified,
        "certificates": {f"{key:02X}": _certificate_json(found) for key, found in seen.certificates.items()},
    }


def _certificate_json(found: x509.Certificate | None) -> dict[str, str] | None:
    if found is None:
        return None
    return {
        "subject": found.subject.rfc4514_string(),
        "issuer": found.issuer.rfc4514_string(),
        "not_after": found.not_valid_after_utc.isoformat(),
        "sha256": found.fingerprint(SHA256()).hex(),
    }


def _overview_rows(seen: Overview) -> Iterator[tuple[str, str]]:
    yield "ATR", seen.atr.hex(" ").upper()
    yield "interface", _interface(seen.contactless)
    yield "product", seen.product.name
    yield "card UUID", str(seen.chuid.guid) if seen.chuid else "none: the card is not finished"
    if seen.chuid:
        yield "valid until", seen.chuid.expiry.isoformat()
    yield "PIN tries left", _tries(seen)
    for key, found in seen.certificates.items():
        text = (
            f"{found.subject.rfc4514_string()}, until {found.not_valid_after_utc:%Y-%m-%d}" if found else "unreadable"
        )
        yield f"certificate {key:02X}", text


def _tries(seen: Overview) -> str:
    if seen.pin_verified:
        return "unknown: the PIN is verified already"
    return "the card does not say" if seen.pin_tries_left is None else str(seen.pin_tries_left)


def _interface(contactless: object) -> str:
    return "contactless" if contactless else "contact"


def _usage_json(usage: Usage) -> dict[str, Any]:
    return {
        "apdus": usage.apdus,
        "bytes_sent": usage.bytes_sent,
        "bytes_received": usage.bytes_received,
        "ms": round(usage.seconds * 1000, 3),
    }


def _usage_text(usage: Usage) -> str:
    sent, received = usage.bytes_sent, usage.bytes_received
    return f"{usage.apdus} APDUs, {sent} bytes sent, {received} received, {usage.seconds * 1000:.1f} ms"


def _kind(error: ReaderError) -> str:
    """``CertificateExpired`` → ``certificate-expired``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


if __name__ == "__main__":
    main()
