"""Found a city, keep its database in shape, serve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cardsvc import ceremony, logs, schema
from cardsvc.clock import system_clock
from cardsvc.commands.shared import (
    JsonOption,
    console,
    database_troubles,
    open_database,
    read_json,
    read_settings,
    require_current,
)
from cardsvc.reporting import CommandRefused, print_json, reporting

app = typer.Typer()


@app.command()
def init(
    officer: Annotated[
        list[str], typer.Option(help="A founding officer, NAME=FILE with the officer's public JWK. Give two.")
    ],
    witness: Annotated[str, typer.Option(help="Who watches the ceremony, beside the two; goes on record.")],
    ca_out: Annotated[
        Path | None, typer.Option(help="Also write the root certificate (PEM) here, for `readers tap --trust`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Found the city, once: keystore, certificate authorities, database and two officers, in one ceremony.

    Example: cardsvc init --officer ana=ana.pub.jwk --officer bo=bo.pub.jwk --witness "city notary" --ca-out root.pem
    """
    with reporting():
        settings = read_settings()
        with database_troubles():
            founding = ceremony.found(settings, _named_keys(officer), witness, system_clock())
        if ca_out is not None:
            ceremony.write_certificate(founding.root, ca_out)
    fingerprints = founding.fingerprints()
    if as_json:
        told = {"officers": founding.officers, "witness": witness, "sha256": fingerprints}
        print_json({**told, "audit_key": founding.audit_key})
        return
    table = Table("certificate", "SHA-256, to be written down by the witness", title="The city is founded")
    for name, fingerprint in fingerprints.items():
        table.add_row(name, " ".join(fingerprint[i : i + 8] for i in range(0, 64, 8)))
    console.print(table)
    console.print(f"verifier key of the audit log, for auditors: {escape(founding.audit_key)}", soft_wrap=True)
    console.print(f"officers: {escape(', '.join(founding.officers))}; witness: {escape(witness)}")
    console.print(f"keystore: {escape(str(settings.keystore_dir))}")


@app.command()
def migrate(as_json: JsonOption = False) -> None:
    """Bring the database to the shape that this version needs. Safe to repeat.

    Example: cardsvc migrate
    """
    with reporting(), open_database() as engine:
        before = schema.revision_of(engine)
        schema.upgrade(engine)
        after = schema.revision_of(engine)
    if as_json:
        print_json({"before": before, "after": after})
    else:
        console.print("up to date" if before == after else f"migrated from {before or 'nothing'} to {after}")


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8080,
    workers: Annotated[int, typer.Option(help="Processes that answer, on PostgreSQL.", min=1, max=64)] = 1,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="Serve HTTPS with this certificate (PEM), authorities below the root after it.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
    client_ca: Annotated[
        Path | None,
        typer.Option(
            help="Ask clients for a certificate of these authorities (PEM) and bind their access tokens to it."
        ),
    ] = None,
) -> None:
    """Answer requests until stopped. Prints "listening on …" once it does; logs go to standard error.

    A worker that dies is replaced; SIGHUP replaces all of them, one after the other.

    Example: cardsvc serve --port 8080 --workers 2

    Example: cardsvc serve --port 8443 --tls-certificate tls.pem --tls-key tls.key --client-ca callers.pem
    """
    from cardsvc import metrics, server, worker  # noqa: PLC0415 (the web framework would double the start of every command)
    from cardsvc.app import create_app  # noqa: PLC0415 (likewise)
    from cardsvc.services import build_services  # noqa: PLC0415 (likewise)
    from cardsvc.tls import read_tls  # noqa: PLC0415 (likewise)

    logs.configure()
    with reporting():
        settings, tls = read_settings(), read_tls(tls_certificate, tls_key, client_ca)
        with open_database(settings) as engine:
            require_current(engine)
            if workers > 1 and engine.dialect.name == "sqlite":
                raise CommandRefused("SQLite has one writer at a time: more than one worker needs PostgreSQL.")
        services = build_services(settings)  # whatever is wrong is told here, and not by each worker
        with metrics.serving_metrics(settings.metrics_port, services.sessions, services.clock):
            if workers == 1:
                server.serve(create_app(services), host, port, tls)
            else:
                server.serve_with_workers(worker.FACTORY, host, port, workers, tls)


def _named_keys(officers: list[str]) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for officer in officers:
        name, separator, file = officer.partition("=")
        if not separator or name in named:
            raise CommandRefused("Each officer is NAME=FILE, and each name comes once.")
        named[name] = read_json(Path(file))
    return named
