"""A sandbox: everybody is there as promised, whoever plays gets what a department gets, and it is no city."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from cardsvc.client import AssertionVerifier, FetchedJwks, ServiceClient, VerifiedAssertion
from cardsvc.wire.authentication import CardProof
from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import department_audience
from kiosk.city.processes import python
from tests.fixtures.sandbox import Sandbox, start

POLICY = {
    "services": {
        "gym": {"level": "tap", "attributes": ["district"]},
        "records": {"level": "pin", "attributes": ["birth_date", "name", "name_latin"]},
    },
    "purposes": {"a-test": "To see whether it works"},
    "questions": {"age-at-least:60": {"level": "tap"}},
    "reader_levels": ["tap"],
}


class Developer:
    """Somebody with a key, a policy and a sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path, code: str) -> None:
        self.sandbox, self.folder, self.code = sandbox, folder, code
        self.key = ECKey.generate_key("P-256")

    def write(self, name: str, content: object) -> str:
        (self.folder / name).write_text(json.dumps(content))
        return str(self.folder / name)

    def registration(self, policy: object = POLICY) -> tuple[str, ...]:
        key = self.write("key.json", self.key.as_dict(private=False))
        return "register", self.code, f"--key={key}", f"--policy={self.write('policy.json', policy)}"

    def tap(self, person: str, service: str = "gym", *options: str) -> tuple[str, ...]:
        return "tap", person, f"--department={self.code}", f"--service={service}", *options

    def receives(self, person: str, service: str = "gym", *options: str) -> VerifiedAssertion:
        assertion = self.sandbox.does(*self.tap(person, service, *options))["assertion"]
        with closing(FetchedJwks(self.sandbox.url)) as keys:
            verifier = AssertionVerifier(self.sandbox.url, department_audience(self.code), keys)
            return verifier.verify(assertion, service=service, level=Level.TAP)

    def client(self) -> ServiceClient:
        return ServiceClient(self.sandbox.url, self.code, self.key)


@pytest.fixture
def developer(sandbox: Sandbox, tmp_path: Path) -> Callable[[str], Developer]:
    def register(code: str) -> Developer:
        somebody = Developer(sandbox, tmp_path, code)
        assert sandbox.does(*somebody.registration())["policy_version"] == 1
        return somebody

    return register


def test_everybody_is_there_as_promised(sandbox: Sandbox) -> None:
    people = sandbox.people
    assert {code: row["card"] for code, row in people.items()} == {
        "chen-jiaxin": "active",
        "li-guoqiang": "active",
        "wong-sau-lan": "active",
        "maria-santos": "active",
        "zhou-xiaoyu": "active",
        "wang-fang": "held",
        "zhao-lei": "revoked",
        "ouyang-min": "active",
        "sun-li": "active",
    }
    today = datetime.now(UTC).date()
    born = {code: date.fromisoformat(row["birth_date"]) for code, row in people.items()}
    assert (born["wong-sau-lan"].year, born["wong-sau-lan"].month) == (today.year - 60, today.month)
    assert (today - born["zhou-xiaoyu"]).days < 18 * 365
    left = date.fromisoformat(people["ouyang-min"]["expires_on"]) - today
    assert left.days <= 7


def test_a_department_gets_what_its_policy_allows(developer: Callable[[str], Developer]) -> None:
    gym = developer("gym")
    told = gym.receives("chen-jiaxin", "records", "--level=pin", "--attributes=name,name_latin")
    assert (told.level, told.claims.attributes) == (Level.PIN, {"name": "陈嘉欣", "name_latin": "Chen Jiaxin"})
    assert gym.receives("chen-jiaxin").pseudonym == told.pseudonym
    assert gym.receives("maria-santos").pseudonym != told.pseudonym

    assert "step-up-required" in gym.sandbox.refuses(*gym.tap("chen-jiaxin", "records"))
    assert "attributes-not-covered" in gym.sandbox.refuses(*gym.tap("chen-jiaxin", "gym", "--attributes=name"))
    for person in ("wang-fang", "zhao-lei"):
        assert "card-not-active" in gym.sandbox.refuses(*gym.tap(person))
    assert "locked-by-citizen" in gym.sandbox.refuses(*gym.tap("sun-li"))
    assert gym.receives("sun-li", "gym", "--level=pin").level is Level.PIN


def test_yes_or_no_is_told_without_the_attribute(developer: Callable[[str], Developer]) -> None:
    cinema = developer("cinema")
    told = cinema.receives("wong-sau-lan", "gym", "--questions=age-at-least:60")
    assert told.claims.answers == {"age-at-least:60": True}


def test_a_card_proves_itself_at_the_departments_own_reader(developer: Callable[[str], Developer]) -> None:
    aquarium = developer("aquarium")
    with aquarium.client() as client:
        (challenge,) = client.challenges(Level.TAP)
        file = aquarium.folder / "challenge.json"
        file.write_text(challenge.model_dump_json())
        proof = CardProof.model_validate(aquarium.sandbox.does("prove", "chen-jiaxin", f"--challenge={file}"))
        told = client.authenticate_at_own_reader(proof, "gym")
    assert told.card_uuid == proof.card_uuid


def test_a_department_is_locked_out_and_let_in_again(developer: Callable[[str], Developer]) -> None:
    casino = developer("casino")
    assert casino.sandbox.does("lock", "maria-santos", "--department=casino")["locked"] == ["casino"]
    assert "locked-by-citizen" in casino.sandbox.refuses(*casino.tap("maria-santos"))
    assert casino.sandbox.does("unlock", "maria-santos", "--department=casino")["locked"] == []
    casino.receives("maria-santos")


def test_a_card_goes_through_its_life(developer: Callable[[str], Developer]) -> None:
    pool = developer("pool")
    name = pool.receives("li-guoqiang").pseudonym

    def standing() -> str:
        with pool.client() as client:
            return client.card_standings([name], "a-test").answers[0].standing.value

    seen = [standing()]
    for deed in ("hold", "reinstate", "replace"):
        assert pool.sandbox.does(deed, "li-guoqiang")["card"] == ("held" if deed == "hold" else "active")
        seen.append(standing())
    assert pool.receives("li-guoqiang").pseudonym == name
    assert pool.sandbox.does("revoke", "li-guoqiang")["card"] == "revoked"
    assert [*seen, standing()] == ["in-force", "held", "in-force", "in-force", "none"]
    assert "transition-refused" in pool.sandbox.refuses("reinstate", "li-guoqiang")


def test_whoever_died_has_no_card_any_more(sandbox: Sandbox) -> None:
    assert sandbox.does("decease", "ouyang-min")["card"] == "revoked"


def test_a_department_comes_again_with_another_policy_and_another_key(developer: Callable[[str], Developer]) -> None:
    park = developer("park")
    assert park.sandbox.does(*park.registration())["policy_version"] == 2
    park.key = ECKey.generate_key("P-256")
    assert park.sandbox.does(*park.registration())["policy_version"] == 3
    with park.client() as client:
        client.access_token()


def test_what_is_wrong_is_said(sandbox: Sandbox, developer: Callable[[str], Developer], tmp_path: Path) -> None:
    zoo = developer("zoo")
    said = [
        sandbox.refuses(*zoo.tap("nobody")),
        sandbox.refuses(*zoo.registration({"services": {"gym": {"level": "high"}}})),
        sandbox.refuses(*zoo.registration({"services": {"gym": {"level": "tap", "attributes": ["name"]}}})),
        sandbox.refuses(*zoo.registration([])),
        sandbox.refuses("register", "zoo", f"--key={zoo.write('no.jwk', {})}", f"--policy={zoo.write('p', POLICY)}"),
        Sandbox(tmp_path / "elsewhere", "").refuses("people"),
        sandbox.refuses(),
        Sandbox(tmp_path, "").refuses(),
    ]
    expected = (
        "there is no nobody here", "services.gym.level", "policy-invalid", "is not a JSON object", "key",
        "open one with `city sandbox`", "a sandbox is open in", "holds something that is no sandbox",
    )  # fmt: skip
    assert [part in " ".join(sentence.split()) for part, sentence in zip(expected, said, strict=True)] == [True] * 8


def test_a_sandbox_says_that_it_is_one_and_its_keys_are_good_for_nothing_else(sandbox: Sandbox) -> None:
    assert httpx.get(f"{sandbox.url}/.well-known/oauth-authorization-server").json()["sandbox"] is True
    root = x509.load_pem_x509_certificate((sandbox.folder / "root-ca.pem").read_bytes())
    (name,) = root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert str(name.value).startswith("TEST ")
    environment = {
        "CARDSVC_DATABASE_URL": f"sqlite:///{sandbox.folder / 'cardsvc.sqlite'}",
        "CARDSVC_KEYSTORE_DIR": str(sandbox.folder / "keystore"),
        "CARDSVC_KEYSTORE_PASSPHRASE_FILE": str(sandbox.folder / "keystore.passphrase"),
    }
    command = python("cardsvc.cli", "serve", "--port=0")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "these are a sandbox's keys" in done.stderr


def test_what_a_sandbox_that_was_killed_left_is_thrown_away(tmp_path: Path) -> None:
    folder = tmp_path / "left"
    (folder / "keystore").mkdir(parents=True)
    for name in ("sandbox.lock", "sandbox.json", "keystore/key"):
        (folder / name).touch()
    with start(folder, tmp_path / "log") as process:
        process.wait_for("Founding")
        assert not (folder / "sandbox.json").exists()
    assert not folder.exists()
