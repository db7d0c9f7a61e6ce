"""``readers``: look at readers and cards from the command line.

Exit status: 0 done; 1 the card was judged and is not genuine; 2 wrong usage; 3 no PC/SC or no such reader; 4 no card,
or taken away; 5 the card or reader failed, or it is no PIV card; 6 the card could not be judged in all respects.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
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
from rich.table import Table

from readers import identity, pcsc
from readers.commands.doctor import doctor
from readers.commands.inspect import inspect
from readers.commands.shared import (
    InterfaceOption,
    JsonOption,
    ReaderOption,
    certificates_in,
    chosen_reader,
    kind_of,
    print_json,
    reading_file,
    reporting,
    shown,
)
from readers.commands.tracing import trace_option
from readers.connection import CardConnection, CardReader
from readers.errors import (
    CardInconsistent,
    CardNotAuthenticated,
    ObjectNotFound,
    PathError,
    ProtocolError,
)
from readers.metering import MeteredConnection, Usage
from readers.piv.identifiers import KeyReference
from readers.piv.judging import verify_tap
from readers.piv.overview import Overview, overview
from readers.piv.session import DIGEST_SIZE, PivSession
from readers.piv.tap import TapResult, tap
from readers.roles import Identity, Roles, RolesInvalid
from readers.virtual.cli import card_app

app = typer.Typer(
    callback=trace_option,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    epilog="Exit status: 0 done; 1 the card is not genuine, or refused; 2 wrong usage; 3 no PC/SC or no such reader; "
    "4 no card; 5 the card or the reader failed; 6 not all could be judged. "
    "No card is seen? `readers doctor` says why.",
)
app.command()(doctor)
app.command()(inspect)
app.add_typer(card_app, name="card")

_console: Final = Console()


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
    known, census = _roles(roles), identity.Census()
    with reporting(as_json=as_json):
        rows = [
            {
                "name": reader.name,
                "contactless": reader.contactless,
                "card": reader.present(),
                **_identity_json(census.identify(reader.name), known),
            }
            for reader in pcsc.list_readers()
        ]
    if as_json:
        print_json(rows)
        return
    table = Table("reader", "interface", "card", "serial", "USB port", "role")
    for row in rows:
        weak = " (weak: bound by name)" if row["role_is_weak"] else ""
        table.add_row(
            shown(str(row["name"])),
            _interface(row["contactless"]),
            "present" if row["card"] else "-",
            shown(str(row["serial"] or "-")),
            str(row["usb"] or "-"),
            shown(str(row["role"] or "-")) + weak,
        )
    _console.print(table if rows else "no readers")


def _identity_json(reader: Identity, roles: Roles) -> dict[str, str | bool | None]:
    role, weak = roles.role_of(reader) or (None, False)
    return {"serial": reader.serial, "usb": reader.usb, "role": role, "role_is_weak": weak}


def _roles(file: Path | None) -> Roles:
    if file is None:
        return Roles({})
    with reading_file(file, "roles"):
        try:
            return Roles.load(file)
        except RolesInvalid as error:
            raise typer.BadParameter(str(error)) from error


@app.command()
def info(*, reader: ReaderOption = None, contactless: InterfaceOption = None, as_json: JsonOption = False) -> None:
    """Show what a PIV card says about itself: unverified, and without a PIN.

    Example: readers info --reader "Virtual PCD 00 00"
    """
    with reporting(as_json=as_json), chosen_reader(reader, contactless=contactless).connect() as connection:
        seen = overview(connection)
    if as_json:
        print_json(_overview_json(seen))
        return
    table = Table("", "", show_header=False)
    for name, value in _overview_rows(seen):
        table.add_row(name, shown(value))
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
    wait: Annotated[float, typer.Option(help="Seconds to wait for a card.", min=0)] = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Tap a card: it names itself and signs a random challenge with its key 9E, in three commands.

    Without --trust the verdict is "unverified": anybody can make a card that signs something. With --trust the card's
    certificate is read too (counted apart) and the verdict is "genuine", or "not-genuine" with the reason and exit
    status 1. Whether a genuine card was revoked only the service knows.

    Example: readers tap --trust root.pem --intermediate issuing.pem --json
    """
    with reporting(as_json=as_json):
        anchors, intermediates = certificates_in(trust or ()), certificates_in(intermediate or ())
        report = _tap(chosen_reader(reader, contactless=contactless, wait=wait), anchors, intermediates)
    if as_json:
        print_json(report.as_json())
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
        table.add_row("reader", f"{shown(self.reader)} ({_interface(self.contactless)})")
        table.add_row("card UUID", str(self.card_uuid))
        table.add_row("verdict", self.verdict + (f": {self.reason}" if self.reason else ""))
        table.add_row("tap", _usage_text(self.tap))
        if self.judging.apdus:
            table.add_row("certificate", _usage_text(self.judging))
        return table


def _tap(
    reader: CardReader, anchors: Sequence[x509.Certificate], intermediates: Sequence[x509.Certificate]
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
        return Verdict.NOT_GENUINE, kind_of(error)
    return Verdict.GENUINE, None


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


if __name__ == "__main__":
    main()
