"""Keys and certificate authorities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from rich.markup import escape
from rich.table import Table
from sqlalchemy.orm import Session

from cardsvc import ceremony
from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, console, open_session, read_settings, report
from cardsvc.reporting import print_json, reporting
from cardsvc.settings import Settings
from cardsvc.trust.addresses import Addresses
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.batches import Batch, find_batch, revoke_batch
from cardsvc.trust.key_ring import ROTATING, versions_of
from cardsvc.trust.keystore import KeyName
from cardsvc.trust.keystores import complete_keystore, load_keystore
from cardsvc.trust.renewal import RENEW_ISSUER, REVOKE_ISSUER, renew_issuer, revoke_issuer
from cardsvc.trust.rotation import rotate

app = typer.Typer(help="Keys and certificate authorities.", no_args_is_help=True)

_APPROVAL: Final = "Two officers: one asks for a key-ceremony with the subject"


@app.command("add-keys")
def add_keys(as_json: JsonOption = False) -> None:
    """Make the keys that an older version of this program did not know. Safe to repeat.

    Example: cardsvc trust add-keys
    """
    with reporting():
        made = complete_keystore(read_settings())
    report({"made": list(made)}, f"made: {', '.join(made)}" if made else "no key is missing", as_json)


@app.command("keys")
def show_keys(as_json: JsonOption = False) -> None:
    """Show every version of the keys that sign tokens, with its times.

    Example: cardsvc trust keys
    """
    with reporting(), open_session() as session:
        keystore = load_keystore(read_settings())
        rows = [
            {
                "key": str(name),
                "version": version.version,
                "kid": version.key_id,
                "used_from": version.used_from and version.used_from.isoformat(),
                "published_until": version.published_until and version.published_until.isoformat(),
            }
            for name in ROTATING
            for version in versions_of(session, keystore, name)
        ]
    if as_json:
        print_json({"keys": rows})
        return
    table = Table("key", "version", "kid", "used from", "published until")
    for row in rows:
        table.add_row(*(str(value) if value is not None else "" for value in row.values()))
    console.print(table)


@app.command("rotate")
def rotate_key(
    key: Annotated[KeyName, typer.Argument(help="assertion, access-token, status-list or evidence.")],
    distrust: Annotated[
        bool, typer.Option("--distrust", help="The old key is out at once, with all that it signed: it was stolen.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Give a key that signs tokens a new version: published now, used a quarter of an hour later.

    Example: cardsvc trust rotate assertion
    """
    with reporting(), open_session() as session:
        keystore = load_keystore(read_settings())
        added = rotate(session, keystore, key, distrusted=distrust, actor=ceremony.ACTOR, now=system_clock())
        used_from = added.used_from.isoformat() if added.used_from else ""
    report(
        {"key": str(key), "version": added.version, "kid": added.key_id, "used_from": used_from},
        f"{key}: version {added.version} ({added.key_id}) signs from {used_from} on",
        as_json,
    )


@app.command("revoke-batch")
def revoke_a_batch(
    product: Annotated[str, typer.Option(help="The kind of card, as `readers doctor` and the records name it.")],
    firmware: Annotated[str | None, typer.Option(help="Only this firmware of it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which cards it would be.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Revoke all cards whose keys were made on one kind of card.

    Example: cardsvc trust revoke-batch --product "Yubico 4.3 to 5.2" --firmware 4.3.4 --dry-run
    """
    batch = Batch(product, firmware)
    with reporting(), open_session() as session:
        if dry_run:
            cards = find_batch(session, batch)
        else:
            cards = revoke_batch(session, batch, actor=ceremony.ACTOR, now=system_clock())
        stock_numbers = [card.stock_number for card in cards]
    said = "would be revoked" if dry_run else "revoked"
    listed = f"{len(stock_numbers)} cards {said}: {', '.join(stock_numbers)}" if stock_numbers else "no such card"
    report({"revoked": not dry_run, "cards": stock_numbers}, escape(listed), as_json)


@app.command(
    "renew-issuer",
    help=f"""Give the issuing CA a new key.

{_APPROVAL} {RENEW_ISSUER}, another approves. Start the service again afterwards.

Example: cardsvc trust renew-issuer""",
)
def renew_the_issuer(as_json: JsonOption = False) -> None:
    """Give the issuing CA a new key."""
    with reporting(), _at_the_keys() as (settings, session, authority):
        renewed = renew_issuer(session, authority, settings.keystore_dir, now=system_clock())
    fingerprint = renewed.issuing.fingerprint(SHA256()).hex()
    report(
        {"version": renewed.issuer_version, "sha256": fingerprint},
        f"the issuing CA has version {renewed.issuer_version} of its key: {fingerprint}\nStart the service again.",
        as_json,
    )


@app.command(
    "revoke-issuer",
    help=f"""Revoke a former key of the issuing CA, and all cards that it certified.

{_APPROVAL} {REVOKE_ISSUER}, another approves.

Example: cardsvc trust revoke-issuer 1""",
)
def revoke_an_issuer(
    version: Annotated[int, typer.Argument(help="Of its key: 1 is the one the city was founded with.", min=1)],
    as_json: JsonOption = False,
) -> None:
    """Revoke a former key of the issuing CA, and all cards that it certified."""
    with reporting(), _at_the_keys() as (_, session, authority):
        count = revoke_issuer(session, authority, version, x509.ReasonFlags.ca_compromise, now=system_clock())
    report({"version": version, "cards": count}, f"version {version} is revoked, and {count} cards with it", as_json)


@contextmanager
def _at_the_keys() -> Iterator[tuple[Settings, Session, IssuingAuthority]]:
    settings = read_settings()
    with open_session() as session:
        keystore = load_keystore(settings)
        authority = IssuingAuthority.load(settings.keystore_dir, keystore, Addresses(settings.issuer))
        yield settings, session, authority
