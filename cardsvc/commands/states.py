"""Draw the states of applications and cards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cardsvc.reporting import print_json, reporting
from cardsvc.state_diagrams import draw_applications, draw_cards, redraw

app = typer.Typer()


@app.command()
def states(
    write: Annotated[Path | None, typer.Option(help="Draw the diagrams in this document anew.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Draw the states of applications and cards, as Mermaid, from the tables that the service obeys.

    Example: cardsvc states --write docs/lifecycle.md
    """
    with reporting():
        if write is not None:
            write.write_text(redraw(write.read_text(encoding="utf-8")), encoding="utf-8")
            return
        diagrams = {"applications": draw_applications(), "cards": draw_cards()}
        if as_json:
            print_json(diagrams)
            return
        typer.echo("\n".join(diagrams.values()), nl=False)
