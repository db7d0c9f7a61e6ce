"""The commands around the database, a module for each topic."""

from __future__ import annotations

import typer

from cardsvc.commands import (
    audit,
    backup,
    callers,
    clock,
    departments,
    evidence,
    founding,
    incidents,
    kiosks,
    officers,
    people,
    reach,
    retention,
    states,
    trust,
    webhooks,
)

app = typer.Typer()
app.add_typer(founding.app)
app.add_typer(states.app)
app.add_typer(audit.app, name="audit")
app.add_typer(backup.app)
app.add_typer(callers.app, name="caller")
app.add_typer(clock.app, name="clock")
app.add_typer(departments.app, name="department")
app.add_typer(incidents.app, name="incident")
app.add_typer(kiosks.app, name="kiosk")
app.add_typer(evidence.app, name="evidence")
app.add_typer(trust.app, name="trust")
app.add_typer(officers.app, name="officer")
app.add_typer(officers.office_app, name="office")
app.add_typer(people.app, name="people")
app.add_typer(reach.app)
app.add_typer(retention.app, name="retention")
app.add_typer(webhooks.app, name="webhook")
