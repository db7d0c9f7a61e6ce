"""Settings come from the environment and are refused when they make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from cardsvc.settings import Settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CARDSVC_{name.upper()}", raising=False)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_VISIT_SECONDS", "300")
    assert Settings().visit_seconds == 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHALLENGE_SECONDS", "301"),  # DESIGN §5: five minutes at most
        ("ASSERTION_SECONDS", "301"),
        ("CHALLENGE_SECONDS", "0"),
        ("ISSUER", "http://127.0.0.1:8080/"),
        ("ISSUER", "ftp://city"),
        ("KEYSTORE_PASSPHRASE", ""),
        ("PRINTED_ISSUER", "more than fifteen"),
        ("AUTHORITY_TITLE", "TEST of a city"),
        ("INCIDENT_CONTACT", "cards@city.example"),  # RFC 9116 §2.5.3: a URI
        ("INCIDENT_CONTACT", "mailto:a@city.example\nExpires: never"),
        ("CARD_YEARS", "0"),
        ("RATE_LIMITS", "read=many"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),  # bits of a host in a network
        ("TRUSTED_PROXIES", "proxy.example"),
    ],
)
def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CARDSVC_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_proxies_are_separated_by_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_TRUSTED_PROXIES", "10.0.0.5 2001:db8::/32")
    assert [str(network) for network in Settings().trusted_proxies] == ["10.0.0.5/32", "2001:db8::/32"]


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8080", "https://cards.city.example/issuing"])
def test_issuers(issuer: str) -> None:
    assert Settings(issuer=issuer).issuer == issuer


def test_the_passphrase_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_bytes(b"correct horse\r\nsecond line\n")
    path.chmod(0o600)
    assert Settings(keystore_passphrase_file=path).read_keystore_passphrase() == b"correct horse"


def test_a_passphrase_file_that_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_bytes(b"correct horse\n")
    path.chmod(0o640)
    with pytest.raises(PermissionError, match="0600"):
        Settings(keystore_passphrase_file=path).read_keystore_passphrase()


def test_the_passphrase_itself() -> None:
    assert Settings(keystore_passphrase=SecretStr("密碼")).read_keystore_passphrase() == "密碼".encode()


def test_no_passphrase_says_what_to_set() -> None:
    with pytest.raises(ValueError, match="CARDSVC_KEYSTORE_PASSPHRASE_FILE"):
        Settings().read_keystore_passphrase()


def test_an_empty_file_is_no_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_bytes(b"\n")
    path.chmod(0o600)
    with pytest.raises(ValueError, match="empty"):
        Settings(keystore_passphrase_file=path).read_keystore_passphrase()


def test_both_passphrases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="not both"):
        Settings(keystore_passphrase=SecretStr("one"), keystore_passphrase_file=tmp_path)


def test_repr_shows_no_secret() -> None:
    settings = Settings(keystore_passphrase=SecretStr("hunter2"), database_url="postgresql+psycopg://u:hunter2@h/d")
    assert "hunter2" not in repr(settings)


def test_errors_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_KEYSTORE_PASSPHRASE", "hunter2")
    monkeypatch.setenv("CARDSVC_KEYSTORE_PASSPHRASE_FILE", "/hunter2")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert "hunter2" not in str(refused.value)
