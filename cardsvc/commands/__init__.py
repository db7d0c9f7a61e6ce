"""The commands around the database, a module for each topic."""

from __future__ import annotations

import typer

from cardsvc.commands import audit, backup, callers, clock, departments, founding, trust

app = typer.Typer()
app.add_typer(founding.app)
app.add_typer(audit.app, name="audit")
app.add_typer(backup.app)
app.add_typer(callers.app, name="caller")
app.add_typer(clock.app, name="clock")
app.add_typer(departments.app, name="department")
app.add_typer(trust.app, name="trust")
