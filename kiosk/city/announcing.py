"""Where the commands that move cards find the page of a city, or of a counter, that is open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx


class NothingIsOpen(Exception):
    """Nothing was announced in this file, or it does not answer any more."""


@contextmanager
def announced(file: Path, address: str) -> Iterator[None]:
    """Leave the page's address in ``file`` meanwhile."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"address": address}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def tell(file: Path, form: Mapping[str, str]) -> httpx.Response:
    """Fill in the page's form, as a browser does: its answer is a redirect. Raises NothingIsOpen."""
    try:
        address = json.loads(file.read_text())["address"]
        return httpx.post(f"{address}card", data=form, follow_redirects=True)
    except (OSError, httpx.HTTPError) as error:
        raise NothingIsOpen from error
