"""``cardsvc``: found a city, keep its database and its callers, serve.

Exit status: 0 done; 1 refused, with a sentence on standard error; 2 wrong usage.

What needs no database is here; the rest is in `commands`, which is imported when one of its commands is wanted. Its
libraries take a second to import, and a city makes a key for every caller.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from joserfc.jwk import ECKey
from typer.core import TyperGroup
from typer.main import get_group

from cardsvc.reporting import print_json, reporting
from cardsvc.wire.jose import CURVE


class _OnDemand(TyperGroup):
    """Commands of this module, and after them those of `commands`."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_others().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or _others().get_command(ctx, cmd_name)


def _others() -> TyperGroup:
    from cardsvc.commands import app as others  # noqa: PLC0415 (the reason is at the top)

    return get_group(others)


app = typer.Typer(
    cls=_OnDemand,
    help="Issue citizen cards and authenticate them. The settings are environment variables, CARDSVC_… .",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point."""
    os.umask(0o077)  # databases, keys: nobody else's business
    app()


@app.command()
def keygen(
    out: Annotated[Path, typer.Option(help="Where the private JWK goes: a new file, readable by its owner only.")],
) -> None:
    """Make the key of an officer, a kiosk, a desk or a department, and print its public JWK.

    Example: cardsvc keygen --out ana.jwk > ana.pub.jwk
    """
    with reporting():
        key = ECKey.generate_key(CURVE)
        identity = {"kid": key.thumbprint(), "alg": "ES256", "use": "sig"}
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({**key.as_dict(private=True), **identity}, file)
    print(json.dumps({**key.as_dict(private=False), **identity}))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the service that CARDSVC_ISSUER names.

    Example: cardsvc openapi > openapi.json
    """
    from cardsvc.app import describe_api  # noqa: PLC0415 (likewise)
    from cardsvc.settings import Settings  # noqa: PLC0415 (likewise)

    print_json(describe_api(Settings().issuer))


if __name__ == "__main__":
    main()
