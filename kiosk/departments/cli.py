"""Commands around departments: run one, list what some offer."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Annotated, Any, Final

import httpx
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from cardsvc.wire.manifest import MANIFEST_PATH, Language, Manifest, text_in
from kiosk.departments.contract.declaration import Department

DEPARTMENTS: Final = {
    "medical-insurance": "kiosk.departments.medical_insurance",
    "education": "kiosk.departments.education",
}
"""The module of each reference department; imported only in the process that runs it."""

departments_app = typer.Typer(help="Run a department, list what departments offer.", no_args_is_help=True)


def load(code: str) -> Department:
    """The department of that code. Raises KeyError when there is none."""
    department: Department = import_module(DEPARTMENTS[code]).department
    return department


@departments_app.command("list")
def list_offers(
    urls: Annotated[list[str], typer.Argument(metavar="URL…", help="Addresses of departments.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifests as JSON.")] = False,
    language: Annotated[Language, typer.Option(help="Language of the table.")] = Language.ENGLISH,
) -> None:
    """List the services of departments as their manifests describe them."""
    manifests = [_manifest(url) for url in urls]
    if as_json:
        content: list[dict[str, Any]] = [manifest.model_dump(mode="json") for manifest in manifests]
        typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    Console().print(_table(manifests, language))


def _manifest(url: str) -> Manifest:
    try:
        response = httpx.get(url.rstrip("/") + MANIFEST_PATH, timeout=10)
        response.raise_for_status()
        return Manifest.model_validate_json(response.content)
    except httpx.HTTPError as error:
        raise typer.BadParameter(f"no department answers at {url}: {error}") from error
    except ValidationError as error:
        raise typer.BadParameter(f"what answers at {url} is no department: {error}") from error


def _table(manifests: list[Manifest], language: Language) -> Table:
    table = Table("Department", "Service", "Level", "Wants to know", "Code")
    for manifest in manifests:
        for service in manifest.services:
            table.add_row(
                text_in(manifest.titles, language),
                text_in(service.titles, language),
                service.level,
                ", ".join(service.attributes) or "-",
                f"{manifest.department}/{service.code}",
            )
    return table
