"""Certificates of clients (RFC 8705): a token that is bound to one is good for whoever shows that one, nobody else.

In one process on SQLite, and in two on PostgreSQL; asked with `curl`, with certificates of `openssl`.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from cardsvc.cli import app
from cardsvc.client import FetchedJwks, ServiceClient
from cardsvc.settings import Settings
from cardsvc.wire import jose
from cardsvc.wire.problems import Problem
from tests.fixtures.leaks import leaks
from tests.fixtures.served import served
from tests.fixtures.tls import Authority, thumbprint
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.needs("openssl", "curl")

Shown = tuple[Path, Path] | None
ROUTES: dict[str, tuple[tuple[str, ...], tuple[int, str]]] = {
    "an officer's": (("/v1/officers",), (200, "")),
    "one that is answered in groups": (
        ("/v1/authentications", "--json", "{}"),
        (403, "urn:citizen-card:problem:insufficient-scope"),
    ),
}
"""What is asked, and the answer to a founding officer whose token is good."""
REFUSED = (401, "urn:citizen-card:problem:invalid-token")
_REQUEST = re.compile(r'"event": ?"request"')


@dataclass(frozen=True)
class Secured:
    """A service that asks for certificates, and three of them: two of its authority, and one that is not."""

    url: str
    folder: Path
    authority: Authority
    one: Shown
    two: Shown
    foreign: Shown

    def client(self, shown: Shown) -> ServiceClient:
        tls = self.authority.context(shown)
        return ServiceClient(self.url, "ana", self.folder / "ana", issuer=Settings().issuer, tls=tls)

    def token(self, shown: Shown) -> str:
        with self.client(shown) as client:
            return client.access_token()

    def curl(self, token: str, shown: Shown, path: str, *options: str) -> tuple[int, str]:
        """The status, and the type of the problem if it is one."""
        done = curl(f"{self.url}{path}", self.authority.root, shown, f"Authorization: Bearer {token}", *options)
        assert done.returncode == 0, done.stderr
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body).get("type", "")


def curl(
    url: str, root: Path, shown: Shown, header: str = "Accept: */*", *options: str
) -> subprocess.CompletedProcess[str]:
    certificate = () if shown is None else ("--cert", shown[0], "--key", shown[1])
    command = ("curl", "-sS", "-w", "\n%{http_code}", "--cacert", root, "--header", header, *certificate, *options, url)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def metadata(url: str, authority: Authority) -> Any:
    done = curl(f"{url}/.well-known/oauth-authorization-server", authority.root, None)
    return json.loads(done.stdout.rpartition("\n")[0])


def options(authority: Authority, *more: str) -> tuple[str, ...]:
    certificate, key = authority.certify("service")
    return (f"--tls-certificate={certificate}", f"--tls-key={key}", *more)


@pytest.fixture
def secured(founded: Path) -> Iterator[Secured]:
    yield from securing(founded)


@pytest.fixture
def secured_by_two(founded_on_postgres: Path) -> Iterator[Secured]:
    """Two processes."""
    yield from securing(founded_on_postgres, "--workers=2")


def securing(folder: Path, *more: str) -> Iterator[Secured]:
    """What is written to the log meanwhile holds no token."""
    (folder / "other").mkdir()
    authority, other = Authority(folder), Authority(folder / "other")
    with served(folder / "log", *options(authority, f"--client-ca={authority.root}", *more)) as (_, url):
        assert url.startswith("https://")
        shown = (authority.certify("one"), authority.certify("two"), other.certify("foreign"))
        yield Secured(url, folder, authority, *shown)
        wait_until(lambda: _REQUEST.search((folder / "log").read_text()) is not None)  # written after the answer
    log = (folder / "log").read_text()
    assert leaks({"log": log}, {}, {}) == set()


@pytest.mark.parametrize("by", ["secured", pytest.param("secured_by_two", marks=pytest.mark.needs("postgresql"))])
def test_a_token_is_good_with_the_certificate_that_it_was_asked_for_with(
    request: pytest.FixtureRequest, by: str
) -> None:
    secured: Secured = request.getfixturevalue(by)
    token = secured.token(secured.one)
    assert secured.one is not None
    assert claims_of(secured, token)["cnf"] == {"x5t#S256": thumbprint(secured.one[0])}
    for name, (asked, answer) in ROUTES.items():
        for _ in range(4):  # whichever process it is
            assert secured.curl(token, secured.one, *asked) == answer, name
            assert secured.curl(token, secured.two, *asked) == REFUSED, name
            assert secured.curl(token, None, *asked) == REFUSED, name


def test_a_token_that_was_asked_for_without_one_is_bound_to_none(secured: Secured) -> None:
    token = secured.token(None)
    assert "cnf" not in claims_of(secured, token)
    for name, (asked, answer) in ROUTES.items():
        for shown in (None, secured.one):
            assert secured.curl(token, shown, *asked) == answer, name


async def opens(url: str, headers: dict[str, str], tls: ssl.SSLContext | None) -> None:
    async with connect(url, additional_headers=headers, ssl=tls, proxy=None):
        pass


def test_a_relay_opens_with_the_certificate_alone(secured: Secured) -> None:
    with secured.client(secured.one) as client:
        url, headers = client.relay_url(uuid4()), client.relay_headers()
        asyncio.run(opens(url, headers, client.tls))
    for shown in (secured.two, None):
        with pytest.raises(InvalidStatus) as refused:
            asyncio.run(opens(url, headers, secured.authority.context(shown)))
        problem = Problem.model_validate_json(refused.value.response.body)
        assert (refused.value.response.status_code, problem.type) == REFUSED


def test_a_header_is_no_certificate(secured: Secured) -> None:
    """RFC 9440, and what proxies call it: from whoever writes one."""
    assert secured.one is not None
    token = secured.token(secured.one)
    encoded = f":{''.join(secured.one[0].read_text().splitlines()[1:-1])}:"
    for name in ("Client-Cert", "X-SSL-Cert", "X-Client-Cert", "X-Forwarded-Client-Cert"):
        assert secured.curl(token, None, "/v1/officers", "--header", f"{name}: {encoded}") == REFUSED


def test_our_client_shows_it(secured: Secured) -> None:
    with secured.client(secured.one) as right, secured.client(secured.two) as other:
        assert {officer.client_id for officer in right.officers()} == {"ana", "bo"}
        other._credentials._token = right.access_token()
        other._credentials._good_until = right._credentials._good_until
        assert {officer.client_id for officer in other.officers()} == {"ana", "bo"}  # with a token of its own
        assert claims_of(secured, other.access_token())["cnf"] != claims_of(secured, right.access_token())["cnf"]


def test_whose_certificate_is_of_another_authority_does_not_get_in(secured: Secured) -> None:
    alive = {
        shown: curl(f"{secured.url}/healthz", secured.authority.root, shown).stdout
        for shown in (None, secured.one, secured.foreign)
    }
    good = '{"status":"alive"}\n200'
    assert alive == {None: good, secured.one: good, secured.foreign: "\n000"}


def test_the_metadata_say_that_tokens_are_bound(secured: Secured) -> None:
    assert metadata(secured.url, secured.authority)["tls_client_certificate_bound_access_tokens"] is True


def test_without_authorities_of_clients_nobody_is_asked(founded: Path) -> None:
    authority = Authority(founded)
    with served(founded / "log", *options(authority)) as (_, url):
        assert "tls_client_certificate_bound_access_tokens" not in metadata(url, authority)
        tls = authority.context(authority.certify("one"))
        with ServiceClient(url, "ana", founded / "ana", issuer=Settings().issuer, tls=tls) as client:
            assert "cnf" not in jose.parse(client.access_token()).claims
            assert len(list(client.officers())) == 2


def claims_of(secured: Secured, token: str) -> dict[str, Any]:
    """What the token says, verified with the published keys."""
    jwks = FetchedJwks(secured.url, tls=secured.authority.context())
    unverified = jose.parse(token)
    assert unverified.key_id is not None
    key = jwks.key(unverified.key_id, "at+jwt")
    jwks.close()
    assert key is not None
    return dict(unverified.verify(key, typ="at+jwt"))


ENCRYPTED = ("openssl", "ec", "-in", "service.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")
WRONG_FILES: dict[str, tuple[tuple[str, ...], str]] = {
    "no key": (("--tls-certificate=service.pem",), "its key, both"),
    "a key alone": (("--tls-key=service.key",), "its key, both"),
    "authorities alone": (("--client-ca=ca.pem",), "its key, both"),
    "another key": (("--tls-certificate=service.pem", "--tls-key=ca.key"), "are no certificate"),
    "a key with a passphrase": (("--tls-certificate=service.pem", "--tls-key=locked.key"), "without a passphrase"),
    "a file that is not there": (("--tls-certificate=none.pem", "--tls-key=service.key"), "none.pem"),
    "authorities that are not there": (
        ("--tls-certificate=service.pem", "--tls-key=service.key", "--client-ca=none.pem"),
        "none.pem holds no certificates",
    ),
    "authorities that are none": (
        ("--tls-certificate=service.pem", "--tls-key=service.key", "--client-ca=service.key"),
        "service.key holds no certificates",
    ),
}


@pytest.mark.parametrize("wrong", WRONG_FILES)
def test_wrong_files_are_told_before_anything_listens(
    founded: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    Authority(founded).certify("service")
    monkeypatch.chdir(founded)
    subprocess.run(ENCRYPTED, check=True, capture_output=True)
    given, sentence = WRONG_FILES[wrong]
    done = CliRunner().invoke(app, ["serve", "--port", "0", *given])
    assert done.exit_code == 1
    assert sentence in done.stderr
