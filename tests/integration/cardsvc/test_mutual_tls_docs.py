"""What docs/mutual-tls.md says is done as it stands there: its program by a department, and new files by SIGHUP."""

from __future__ import annotations

import json
import re
import signal
import socket
import ssl
from pathlib import Path
from shutil import copy
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from cardsvc.cli import app
from cardsvc.client import FetchedJwks, ServiceClient
from cardsvc.settings import Settings
from cardsvc.wire import jose
from tests.fixtures.pages import DOCS, blocks
from tests.fixtures.served import found, served
from tests.fixtures.tls import Authority, thumbprint
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.needs("openssl")

PAGE = "mutual-tls.md"
USUAL = "https://cards.city.example:8443"
CONNECTIONS = 12
"""So many in a row answer alike when no process has the files of before."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def serving(folder: Path, authority: Authority) -> tuple[str, ...]:
    """The options of the page's command, with the files of this city."""
    (command,) = re.findall(r"^    cardsvc serve (.*)$", (DOCS / PAGE).read_text(), re.MULTILINE)
    files = dict(zip(("tls.pem", "tls.key"), authority.certify("tls"), strict=True))
    files["callers.pem"] = Path(copy(authority.root, folder / "callers.pem"))
    return tuple(str(files.get(word, word)) for word in command.split())


def test_the_program_of_the_page_gets_a_token_that_is_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    monkeypatch.setenv("CARDSVC_ISSUER", url)
    found(tmp_path, monkeypatch, f"sqlite:///{tmp_path}/cards.db")
    monkeypatch.chdir(tmp_path)
    authority = Authority(tmp_path)
    shown, _ = authority.certify("sports")
    copy(authority.root, "city-tls-root.pem")
    public = CliRunner().invoke(app, ["keygen", "--out", "sports.jwk"]).stdout
    (program,) = [text for language, text in blocks(PAGE) if language == "python"]
    assert USUAL in program

    options = [word.replace("8443", url.rpartition(":")[2]) for word in serving(tmp_path, authority)]
    with served(tmp_path / "log", *options) as (_, announced):
        assert announced == url
        with ServiceClient(url, "ana", "ana", tls=authority.context()) as ana:
            ana.add_department("sports", "Sports", json.loads(public))
        told: dict[str, object] = {}
        exec(program.replace(USUAL, url), told)  # noqa: S102 (it is our page)
        service, keys = told["service"], told["keys"]
        assert isinstance(service, ServiceClient)
        assert isinstance(keys, FetchedJwks)
        token = jose.parse(service.access_token())
        key = keys.key(token.key_id or "", "at+jwt")
        assert key is not None
        assert token.verify(key, typ="at+jwt")["cnf"] == {"x5t#S256": thumbprint(shown)}
        assert list(service.events()) == []  # a request with it is answered
        service.close()
        keys.close()


@pytest.mark.needs("postgresql")
def test_sighup_has_new_processes_read_new_files(founded_on_postgres: Path) -> None:
    folder = founded_on_postgres
    authority = Authority(folder)
    options = [word for word in serving(folder, authority) if word not in ("--port", "8443")]
    certificate = folder / "tls.pem"
    with (
        served(folder / "log", *options, "--workers=2") as (process, url),
        ServiceClient(url, "ana", folder / "ana", issuer=Settings().issuer, tls=authority.context()) as ana,
    ):
        former, token = der_of(certificate), ana.access_token()
        assert set(shown_by(url, authority)) == {former}

        authority.certify("tls")  # in place of the files of before
        renewed = der_of(certificate)
        assert renewed != former
        assert set(shown_by(url, authority)) == {former}  # nobody looks at files by itself

        process.send_signal(signal.SIGHUP)
        wait_until(lambda: set(shown_by(url, authority)) == {renewed})

        assert process.poll() is None
        assert {officer.client_id for officer in ana.officers()} == {"ana", "bo"}
        assert ana.access_token() == token


def shown_by(url: str, authority: Authority) -> list[bytes]:
    """The certificates that the service shows at some connections in a row; none for one that is not accepted."""
    return [_shown(url, authority.context()) for _ in range(CONNECTIONS)]


def _shown(url: str, tls: ssl.SSLContext) -> bytes:
    place = urlsplit(url)
    try:
        with (
            socket.create_connection((place.hostname, place.port)) as plain,
            tls.wrap_socket(plain, server_hostname=place.hostname) as secured,
        ):
            return secured.getpeercert(binary_form=True) or b""
    except OSError:
        return b""


def der_of(certificate: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.read_text())
