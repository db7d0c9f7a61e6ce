"""Keys and certificate authorities."""

from __future__ import annotations

import typer

from cardsvc.commands.shared import JsonOption, read_settings, report
from cardsvc.reporting import reporting
from cardsvc.trust.keystores import complete_keystore

app = typer.Typer(help="Keys and certificate authorities.", no_args_is_help=True)


@app.command("add-keys")
def add_keys(as_json: JsonOption = False) -> None:
    """Make the keys that an older version of this program did not know. Safe to repeat.

    Example: cardsvc trust add-keys
    """
    with reporting():
        made = complete_keystore(read_settings())
    report({"made": list(made)}, f"made: {', '.join(made)}" if made else "no key is missing", as_json)
