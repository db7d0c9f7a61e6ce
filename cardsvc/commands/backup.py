"""Save everything, and take it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as ProgressBar
from rich.progress import SpinnerColumn, TextColumn
from rich.table import Table

from cardsvc import schema
from cardsvc.backup.archive import Manifest
from cardsvc.backup.finishing import finish
from cardsvc.backup.restoring import restore
from cardsvc.backup.saving import Progress, save
from cardsvc.clock import system_clock
from cardsvc.commands.shared import (
    JsonOption,
    console,
    open_database,
    read_settings,
    require_current,
)
from cardsvc.reporting import print_json, reporting
from cardsvc.trust.keystores import load_keystore

app = typer.Typer()


@app.command("backup")
def make_backup(
    out: Annotated[Path, typer.Option(help="A new file. Readable by its owner only; keys in it stay encrypted.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Save the database and the keystore as they are now, while the service goes on working.

    Example: cardsvc backup --out /mnt/safe/cards-2026-11-22.backup
    """
    with reporting(), _progress("saved") as told:
        settings = read_settings()
        with open_database(settings) as engine:
            require_current(engine)
            manifest = save(
                out,
                engine,
                settings.keystore_dir.absolute(),
                keystore=load_keystore(settings),
                revision=schema.newest_revision() or "",
                now=system_clock(),
                told=told,
            )
    _report(manifest, f"saved to {out}", as_json=as_json)


@app.command("restore")
def take_back(
    backup: Annotated[Path, typer.Argument(help="A file of `cardsvc backup`.", exists=True, dir_okay=False)],
    *,
    as_json: JsonOption = False,
) -> None:
    """Fill an empty database and an empty keystore folder from a backup: wholly, or not at all.

    What was written after the backup is not in it, but who was erased since then is erased again: the list of erasures
    (CARDSVC_ERASURES_FILE) is kept outside the database for this. The backup may come from an older version, and from
    the other kind of database. The passphrase is the one that the keystore had when the backup was made.

    Example: CARDSVC_DATABASE_URL=postgresql+psycopg://cards@/cards cardsvc restore /mnt/safe/cards-2026-11-22.backup
    """
    with reporting(), _progress("restored") as told:
        settings = read_settings()
        with open_database(settings) as engine:
            manifest = restore(
                backup,
                engine,
                settings.keystore_dir.absolute(),
                open_keystore=lambda folder: load_keystore(settings.model_copy(update={"keystore_dir": folder})),
                finish=lambda connection, saved: finish(
                    connection, saved, erasures_file=settings.erasures_file, now=system_clock()
                ),
                told=told,
            )
    _report(manifest, f"restored from {backup}, as it was at {manifest.made_at}", as_json=as_json)


@contextmanager
def _progress(what: str) -> Iterator[Progress]:
    bar = ProgressBar(SpinnerColumn(), TextColumn("{task.description}"), console=Console(stderr=True), transient=True)
    with bar:
        task = bar.add_task("")
        yield lambda table, rows: bar.update(task, description=f"{table}: {rows:,} rows {what}")


def _report(manifest: Manifest, headline: str, *, as_json: bool) -> None:
    if as_json:
        rows = {table.name: table.rows for table in manifest.tables}
        print_json({"made_at": manifest.made_at, "revision": manifest.revision, "rows": rows})
        return
    table = Table("table", "rows", title=escape(headline))
    for saved in manifest.tables:
        table.add_row(saved.name, f"{saved.rows:,}")
    console.print(table)
