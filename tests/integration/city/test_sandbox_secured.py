"""A sandbox with HTTPS: what docs/mutual-tls.md says of it, done as it stands there."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import copy

import httpx
import pytest
from typer.testing import CliRunner

from cardsvc.cli import app
from cardsvc.client import FetchedJwks, ServiceClient
from cardsvc.wire import jose
from tests.fixtures.pages import blocks
from tests.fixtures.sandbox import OPEN_SECONDS, Sandbox, start
from tests.fixtures.tls import thumbprint

pytestmark = pytest.mark.needs("openssl")

PAGE = "mutual-tls.md"
USUAL = "https://cards.city.example:8443"
POLICY = '{"services": {"pool": {"level": "tap", "attributes": ["district"]}}}'


def test_a_department_tries_mutual_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ((_, script),) = [block for block in blocks(PAGE) if block[0] == "sh"]
    make, _, opening = script.rpartition("city sandbox ")
    subprocess.run(["bash", "-euo", "pipefail", "-c", make], check=True, capture_output=True)
    Path("policy.json").write_text(POLICY)
    Path("sports.pub.jwk").write_text(CliRunner().invoke(app, ["keygen", "--out", "sports.jwk"]).stdout)

    with start(tmp_path / "open", tmp_path / "log", *opening.split()) as process:
        url = process.wait_for("Card service ", OPEN_SECONDS).split()[0]
        assert url.startswith("https://127.0.0.1:")
        sandbox = Sandbox(tmp_path / "open", url)
        copy(sandbox.folder / "tls-root.pem", "city-tls-root.pem")
        registered = sandbox.does("register", "sports", "--key=sports.pub.jwk", "--policy=policy.json")
        assert registered["service"] == url
        tap = ("tap", "chen-jiaxin", "--department=sports", "--service=pool", "--attributes=district")
        assertion = sandbox.does(*tap)["assertion"]

        told: dict[str, object] = {}
        ((_, program),) = [block for block in blocks(PAGE) if block[0] == "python"]
        exec(program.replace(USUAL, url), told)  # noqa: S102 (it is our page)
        service, keys = told["service"], told["keys"]
        assert isinstance(service, ServiceClient)
        assert isinstance(keys, FetchedJwks)
        bound = jose.parse(service.access_token()).claims["cnf"]
        assert bound == {"x5t#S256": thumbprint(Path("sports.pem"))}
        assert service.verify(assertion).claims.attributes == {"district": "hengqin"}
        service.close()
        keys.close()
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{url}/healthz")
