"""Departments as processes of their own, as the city runs them."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import FastAPI
from joserfc.jwk import ECKey

from kiosk.departments.education import department as education
from tests.fixtures.departments import ISSUER, NO_TLS, CardService, CityTime, serving
from tests.fixtures.seals import root_of_tests, write_seal

PROGRAM = (sys.executable, "-c", "from kiosk.departments.cli import departments_app; departments_app()")
NOBODY = "http://127.0.0.1:9"
"""The discard service: no machine of ours runs it."""
BOOK = {"barcode": "30519000000011"}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "education.jwk"
    path.touch(mode=0o600)
    path.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
    return path


@pytest.fixture
def service() -> CardService:
    return CardService(CityTime(datetime.now(UTC)))  # the process has a clock of its own


@pytest.fixture
def jwks_url(service: CardService) -> Iterator[str]:
    app = FastAPI()
    app.add_api_route("/.well-known/jwks.json", lambda: service.jwks)
    with serving(app) as url:
        yield url


@contextmanager
def running(*arguments: str) -> Iterator[str]:
    """The address at which a department answers, while it runs."""
    process = subprocess.Popen(
        [*PROGRAM, "serve", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert said.startswith("listening on http://127.0.0.1:"), process.communicate()[1]
        yield said.split()[-1]
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors


def options(key: Path, service_url: str, *kept: str) -> tuple[str, ...]:
    seal_key, certificates = write_seal(key.parent)
    seal = (f"--seal-key={seal_key}", f"--seal-certificates={certificates}", "--public-url=http://papers.test")
    root = key.with_name("root-ca.pem")
    root.write_bytes(root_of_tests().public_bytes(Encoding.PEM))
    needed = (f"--service={service_url}", f"--issuer={ISSUER}", f"--key={key}", f"--root={root}")
    return ("education", *needed, *seal, *kept)


def borrow(url: str, service: CardService, **claims: Any) -> httpx.Response:
    assertion = service.assertion(education, "library-loan", **claims)
    body = {"assertion": assertion, "input": BOOK}
    headers = {"Idempotency-Key": str(uuid4())}
    return httpx.post(f"{url}/services/library-loan", json=body, headers=headers, timeout=30, verify=NO_TLS)


def test_records_outlive_the_process(service: CardService, jwks_url: str, key: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    arguments = options(key, jwks_url, f"--data={data}")
    with running(*arguments) as url:
        assert borrow(url, service).status_code == 200
    with running(*arguments) as url:
        assert borrow(url, service, sub="somebody else").json()["type"].endswith("item-on-loan")
    assert (data / "education.sqlite").exists()


def test_nobody_else_on_the_machine_reads_the_records(key: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    with running(*options(key, NOBODY, f"--data={data}")):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data.iterdir()}
    assert set(modes.values()) == {0o600}, modes


def test_two_processes_on_one_postgresql(
    service: CardService, jwks_url: str, key: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose address stands in the environment: it may hold a password, and everybody sees what a process is told."""
    monkeypatch.setenv("DEPARTMENT_DATABASE", postgres_url)
    arguments = options(key, jwks_url)
    with running(*arguments) as one, running(*arguments) as other:
        assert borrow(one, service).status_code == 200
        assert borrow(other, service, sub="somebody else").status_code == 409


def test_without_the_card_service_nobody_comes_in(key: Path, tmp_path: Path) -> None:
    arguments = options(key, NOBODY, f"--data={tmp_path}")
    with running(*arguments) as url:
        assert httpx.get(f"{url}/healthz", verify=NO_TLS).status_code == 200
        refused = borrow(url, CardService(CityTime()))
    assert refused.status_code == 503
    assert refused.json()["type"].endswith("verification-unavailable")


def test_listing_what_departments_offer(jwks_url: str, key: Path, tmp_path: Path) -> None:
    arguments = options(key, jwks_url, f"--data={tmp_path}")
    with running(*arguments) as url:
        as_json = subprocess.check_output([*PROGRAM, "list", url, "--json"], text=True)
        table = subprocess.check_output([*PROGRAM, "list", url, "--language", "zh-Hans"], text=True)
    assert json.loads(as_json) == [education.manifest.model_dump(mode="json")]
    assert "借阅" in table
    assert "education/library-loan" in table


def test_listing_what_takes_two_people(jwks_url: str, key: Path, tmp_path: Path) -> None:
    _, *arguments = options(key, jwks_url, f"--data={tmp_path}")
    with running("social-insurance", *arguments) as url:
        table = subprocess.check_output([*PROGRAM, "list", url], text=True)
    codes = [line.split("│")[-2].strip() for line in table.splitlines() if "social-insurance/" in line]
    assert "social-insurance/proof-of-life" in codes
    assert "social-insurance/proof-of-life-attending" in codes


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("nowhere", "--data=."), "no department"),
        (("community",), "--data"),
        (("community", "--data=.", "--database=sqlite://"), "--data"),
        (("education", "--data=."), "--seal-key"),
    ],
)
def test_wrong_use_is_explained(arguments: tuple[str, ...], complaint: str, key: Path) -> None:
    common = (f"--service={NOBODY}", f"--issuer={ISSUER}", f"--key={key}")
    done = subprocess.run([*PROGRAM, "serve", *arguments, *common], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert complaint in done.stderr


def test_a_key_that_others_can_read_is_refused(key: Path, tmp_path: Path) -> None:
    key.chmod(0o644)
    arguments = options(key, NOBODY, f"--data={tmp_path}")
    done = subprocess.run([*PROGRAM, "serve", *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "0600" in done.stderr


def test_a_port_that_is_taken_is_refused(key: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        arguments = (*options(key, NOBODY, f"--data={tmp_path}"), f"--port={taken.getsockname()[1]}")
        done = subprocess.run([*PROGRAM, "serve", *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_department_at_an_address_is_explained() -> None:
    done = subprocess.run([*PROGRAM, "list", NOBODY], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "no department answers" in done.stderr
