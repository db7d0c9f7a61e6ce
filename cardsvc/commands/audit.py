"""Verify the audit log, keep copies of it elsewhere, and put it right from one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar
from rich.table import Table
from sqlalchemy import Engine

from cardsvc import ceremony
from cardsvc.audit.copies import Copy, Source
from cardsvc.audit.findings import Finding, Progress, Report
from cardsvc.audit.openings import batches
from cardsvc.audit.reading import read_entries
from cardsvc.audit.repair import Repaired, repair
from cardsvc.audit.sequencer import Sequencer
from cardsvc.audit.service import OK, record
from cardsvc.audit.signing import LogSigner
from cardsvc.audit.storage import latest_note
from cardsvc.audit.verification import verify
from cardsvc.client import ClientError, ServiceClient
from cardsvc.clock import system_clock
from cardsvc.commands.shared import JsonOption, console, open_database, read_settings, report, require_current
from cardsvc.db import session_factory, snapshot, transaction
from cardsvc.reporting import CommandRefused, print_json, reporting
from cardsvc.settings import Settings
from cardsvc.trust.keystores import load_keystore
from cardsvc.wire.notes import NoteKey
from cardsvc.wire.sealed import Opening, OpeningFalse, commitments_of

app = typer.Typer(help="The audit log: verify, copy, check an opening, repair.", no_args_is_help=True)

SHOWN: Final = 20
"""So many findings are shown to people; programs get all."""

KeyOption = Annotated[str | None, typer.Option("--key", help="The log's verifier key. Default: from the keystore.")]


@app.command("key")
def show_key(as_json: JsonOption = False) -> None:
    """Print the log's verifier key, for auditors and witnesses.

    Example: cardsvc audit key > audit.vkey
    """
    with reporting():
        key = str(_signer(read_settings()).key)
    if as_json:
        print_json({"key": key})
    else:
        print(key)  # noqa: T201 (what a program reads)


@app.command("sequence")
def sequence_now(as_json: JsonOption = False) -> None:
    """Give the records that wait their places. The service does it all the time; this is for when it does not run.

    Example: cardsvc audit sequence
    """
    with reporting(), _database() as (settings, engine):
        count = Sequencer(session_factory(engine), _signer(settings), system_clock).sequence()
    report({"sequenced": count}, f"{count} records have their places now", as_json)


@app.command("verify")
def verify_log(
    against: Annotated[Path | None, typer.Option(help="A copy that a witness keeps: `cardsvc audit copy`.")] = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify every entry, the tree, the checkpoints and the citizens' numbers. Exit status 1 when anything is wrong.

    Example: cardsvc audit verify --against /mnt/witness/audit.log
    """
    with reporting(), _database() as (settings, engine), _progress("verifying", as_json) as progress:
        trusted = _key(settings, key)
        copy = None if against is None else Copy.read(against, trusted)
        with snapshot(engine) as connection:
            found = verify(connection, trusted, system_clock(), copy, progress)
    if as_json:
        print_json(_report_for_programs(found))
    else:
        _show(found)
    if found.counted:
        raise typer.Exit(1)


@app.command("copy")
def copy_log(
    *,
    out: Annotated[Path, typer.Option(help="The copy. It is continued when it is there already, and only grows.")],
    follow: Annotated[bool, typer.Option(help="Go on until stopped.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two looks, with --follow.", min=0.1)] = 10.0,
    url: Annotated[str | None, typer.Option(help="Copy from a service, in place of the database.")] = None,
    client_id: Annotated[str | None, typer.Option(help="With --url: a caller with the scope audit:read.")] = None,
    client_key: Annotated[Path | None, typer.Option(help="With --url: the caller's private JWK.")] = None,
    issuer: Annotated[str | None, typer.Option(help="With --url: the service's name, if it is not the URL.")] = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the log to a file that a witness keeps elsewhere. What does not continue the copy is refused.

    Example: cardsvc audit copy --out /mnt/witness/audit.log
    """
    remote = (url, client_id, client_key)
    if any(remote) and not (all(remote) and key):
        raise typer.BadParameter("--url needs --client-id, --client-key and --key", param_hint="--url")
    with reporting(), _source(url, client_id, client_key, issuer, key) as (source, trusted):
        copy = Copy.read(out, trusted) if out.exists() else Copy(out, trusted)
        while True:
            with _progress("copying", as_json) as progress:
                added = _extend(copy, source, progress)
            report({"added": added, "size": copy.size}, f"{added} entries more, {copy.size} in all", as_json)
            if not follow:
                break
            time.sleep(every)


@app.command("opening")
def check_opening(
    opening: Annotated[Path, typer.Argument(help="The member `sealed` of an entry of an access history, as JSON.")],
    against: Annotated[Path | None, typer.Option(help="A copy that a witness keeps, in place of the database.")] = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that a sealed entry that was released is what was committed to on its day. Exit status 1 when it is not.

    Example: cardsvc audit opening entry.json --against /mnt/witness/audit.log --key "$(cat audit.vkey)"
    """
    with reporting():
        shown = Opening.model_validate_json(opening.read_bytes())
        published = _commitments(shown.day, against, key)
        try:
            content = shown.verify()
        except OpeningFalse as error:
            raise CommandRefused(f"This is not what was committed to: {error}.") from None
        if shown.commitment not in published:
            raise CommandRefused(f"The commitment is not in the log's batch of {shown.day}.")
    told = f"[green]good[/]: {content['event']} by {content['actor']} at {content['at']}, about {content['citizen']}"
    report({"day": shown.day.isoformat(), "content": content}, told, as_json)


def _commitments(day: date, against: Path | None, key: str | None) -> frozenset[str]:
    """What the log has for a day; nothing when it has nothing."""
    if against is None:
        with _database() as (_, engine), snapshot(engine) as connection:
            return frozenset(hexed for batch in batches(connection) if batch.day == day for hexed in batch.commitments)
    trusted = NoteKey.parse(key) if key is not None else _key(read_settings(), key)
    found = set[str]()
    for leaf in Copy.read(against, trusted).entries():
        with suppress(OpeningFalse):
            found |= commitments_of(json.loads(leaf), day)
    return frozenset(found)


@app.command("repair")
def repair_log(
    from_: Annotated[Path, typer.Option("--from", help="A copy: it is used when it is signed by the log.")],
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write back from a copy what was changed or deleted in the database. Stop the service first, and back up.

    Example: cardsvc audit repair --from /mnt/witness/audit.log
    """
    with reporting(), _database() as (settings, engine), _progress("repairing", as_json) as progress:
        copy, now = Copy.read(from_, _key(settings, key)), system_clock()
        with transaction(session_factory(engine)) as session:
            done = repair(session.connection(), copy, now, progress)
            if done.restored or done.displaced or done.false_checkpoints or done.notes_dropped:
                record(session, event="audit.repair", outcome=OK, actor=ceremony.ACTOR, now=now, repaired=_counts(done))
    if as_json:
        print_json({**_counts(done), "size": done.size, "checkpoints": done.false_checkpoints})
        return
    for name, count in _counts(done).items():
        console.print(f"{name.replace('_', ' ')}: {count}")
    for note in done.false_checkpoints:
        console.print(f"evidence, a checkpoint of something else:\n{escape(note)}")


@dataclass(frozen=True)
class _DatabaseSource:
    """The log in our own database."""

    engine: Engine

    def checkpoint(self) -> str:
        with snapshot(self.engine) as connection:
            note = latest_note(connection)
        if note is None:
            raise CommandRefused("The log has no entry yet: `cardsvc audit sequence` gives records their places.")
        return note

    def entries(self, start: int, end: int) -> list[bytes]:
        with snapshot(self.engine) as connection:
            return [entry.encode() for entry in read_entries(connection, start, end - start).entries]


@dataclass(frozen=True)
class _ServiceSource:
    """The log of a service, over HTTP."""

    client: ServiceClient

    def checkpoint(self) -> str:
        return self.client.audit_checkpoint()

    def entries(self, start: int, end: int) -> list[bytes]:
        return [entry.encode() for entry in self.client.audit_entries(start, end - start).entries]


def _extend(copy: Copy, source: Source, progress: Progress) -> int:
    try:
        return copy.extend(source, progress)
    except ClientError as error:
        raise CommandRefused(f"The service did not give the log: {error}") from None


@contextmanager
def _source(
    url: str | None, client_id: str | None, client_key: Path | None, issuer: str | None, key: str | None
) -> Iterator[tuple[Source, NoteKey]]:
    if url is None or client_id is None or client_key is None or key is None:
        with _database() as (settings, engine):
            yield _DatabaseSource(engine), _key(settings, key)
        return
    with ServiceClient(url, client_id, client_key, issuer=issuer) as client:
        yield _ServiceSource(client), NoteKey.parse(key)


@contextmanager
def _database() -> Iterator[tuple[Settings, Engine]]:
    settings = read_settings()
    with open_database(settings) as engine:
        require_current(engine)
        yield settings, engine


def _signer(settings: Settings) -> LogSigner:
    return LogSigner.of(load_keystore(settings), settings.issuer)


def _key(settings: Settings, key: str | None) -> NoteKey:
    """With a key of their own, auditors need no keystore."""
    return _signer(settings).key if key is None else NoteKey.parse(key)


@contextmanager
def _progress(what: str, as_json: bool) -> Iterator[Progress]:
    """A bar on standard error, where somebody may be looking."""
    errors = Console(stderr=True)
    with Bar(console=errors, transient=True, disable=as_json or not errors.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show(found: Report) -> None:
    if not found.counted:
        console.print(f"[green]good[/]: {found.size} entries, {found.checkpoints} checkpoints")
        return
    table = Table("fault", "entry", "record", "what", title=f"{found.counted} faults in {found.size} entries")
    for finding in found.findings[:SHOWN]:
        index = "" if finding.index is None else str(finding.index)
        table.add_row(finding.fault.value, index, str(finding.record_id or ""), escape(finding.detail))
    console.print(table)
    if found.counted > SHOWN:
        console.print(f"… and {found.counted - SHOWN} more")
    if found.first_bad is not None:
        console.print(f"[bold red]the first bad entry is {found.first_bad.index}[/]: {escape(found.first_bad.detail)}")


def _report_for_programs(found: Report) -> dict[str, Any]:
    first = found.first_bad
    return {
        "size": found.size,
        "checkpoints": found.checkpoints,
        "faults": found.counted,
        "first_bad": None if first is None else _finding(first),
        "findings": [_finding(finding) for finding in found.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "fault": finding.fault.value,
        "index": finding.index,
        "record_id": None if finding.record_id is None else str(finding.record_id),
        "detail": finding.detail,
    }


def _counts(done: Repaired) -> dict[str, int]:
    return {
        "restored": len(done.restored),
        "displaced": done.displaced,
        "notes_dropped": done.notes_dropped,
        "false_checkpoints": len(done.false_checkpoints),
    }
