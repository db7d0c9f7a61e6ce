"""Founding a city whose keys are in a PKCS #11 token, with the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest

from cardsvc import ceremony
from cardsvc.services import build_services
from cardsvc.settings import Settings
from cardsvc.trust.pkcs11_keystore import Pkcs11Keystore, TokenAddress
from readers.paths import validate_path
from tests.fixtures.command_line import Town, refused


@pytest.fixture
def token_town(sqlite_town: Town, soft_token: Callable[[], TokenAddress], monkeypatch: pytest.MonkeyPatch) -> Town:
    """Its keys are to be in a PKCS #11 token."""
    address = soft_token()
    pin = sqlite_town.folder / "pin"
    pin.write_text(address.pin)
    pin.chmod(0o600)
    monkeypatch.delenv("CARDSVC_KEYSTORE_PASSPHRASE")
    for name, value in (("", "pkcs11"), ("_MODULE", address.module), ("_TOKEN", address.label), ("_PIN_FILE", pin)):
        monkeypatch.setenv("CARDSVC_PKCS11" + name if name else "CARDSVC_KEYSTORE", str(value))
    return sqlite_town


def test_a_city_is_founded_on_a_token(token_town: Town) -> None:
    assert token_town.init().exit_code == 0
    services = build_services(Settings())
    assert isinstance(services.keystore, Pkcs11Keystore)
    now = services.authority.issuing.not_valid_before_utc + timedelta(hours=1)
    validate_path(services.authority.content_signing, [services.authority.issuing], [services.authority.root], now)
    assert not list(token_town.keystore.glob("*.key"))
    assert json.loads(token_town.run("trust", "add-keys", "--json").stdout) == {"made": []}


def test_a_city_on_a_token_is_restored_beside_its_token(token_town: Town) -> None:
    """A backup has the certificates and the rows; the keys have never left the token."""
    token_town.init()
    before = build_services(Settings())
    saved = token_town.folder / "city.backup"
    assert token_town.run("backup", "--out", str(saved)).exit_code == 0
    token_town.keystore.rename(token_town.folder / "away")
    (token_town.folder / "data" / "cards.db").unlink()
    assert token_town.run("restore", str(saved)).exit_code == 0
    after = build_services(Settings())
    assert after.authority.issuing == before.authority.issuing
    assert token_town.run("audit", "sequence").exit_code == 0
    assert token_town.run("audit", "verify").exit_code == 0


def test_a_ceremony_that_fails_leaves_no_keys_in_the_token(token_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(*_: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(ceremony, "_move_in", disk_full)
        refused(token_town, token_town.init(), "no space left")
    for key in token_town.folder.glob("*.jwk"):
        key.unlink()
    assert token_town.init().exit_code == 0


def test_a_token_that_has_keys_is_left_alone(token_town: Town) -> None:
    token_town.init()
    token_town.keystore.rename(token_town.folder / "away")
    (token_town.folder / "data" / "cards.db").unlink()
    for key in token_town.folder.glob("*.jwk"):
        key.unlink()
    refused(token_town, token_town.init(), "has keys already")


def test_a_token_wants_all_its_settings(token_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARDSVC_PKCS11_PIN_FILE")
    refused(token_town, token_town.init(), "pkcs11_pin_file")


def test_without_the_extra_a_token_is_refused_with_a_sentence(
    token_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cardsvc.trust.pkcs11_keystore", None)
    monkeypatch.delattr("cardsvc.trust.pkcs11_keystore")
    refused(token_town, token_town.init(), "citizen-card[hsm]")
