"""The service's settings: environment variables with the prefix ``CARDSVC_``, described here and nowhere else."""

from __future__ import annotations

import stat
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from cardsvc.limits import parse_limits

TEST: Final = "TEST"
"""How the names of a sandbox's certificate authorities begin, and no others."""
Networks = tuple[IPv4Network | IPv6Network, ...]
Seconds = Annotated[int, Field(ge=1, le=86_400)]


class KeystoreKind(StrEnum):
    """Where keys are kept."""

    FILE = "file"
    PKCS11 = "pkcs11"


class Settings(BaseSettings):
    """For example ``CARDSVC_DATABASE_URL=postgresql+psycopg://cards@/cards cardsvc serve``."""

    model_config = SettingsConfigDict(env_prefix="CARDSVC_", frozen=True, extra="forbid", hide_input_in_errors=True)

    database_url: str = Field(default="sqlite:///var/cardsvc/cards.db", repr=False)
    """``sqlite:///file`` or ``postgresql+psycopg://…``. Not shown in ``repr``: it may hold a password."""
    issuer: Annotated[str, Field(pattern=r"^https?://[^/?#]+(/[^?#]*[^/?#])?$")] = "http://127.0.0.1:8080"
    """The name of this service in every token and in what cards sign: its public URL, without a slash at the end."""
    authority_title: Annotated[str, Field(min_length=1, max_length=40)] = "Citizen Card"
    """Names the city's certificate authorities; read when `cardsvc init` makes them."""
    sandbox: bool = False
    """Test people and test cards only: the discovery document says so, and the names of the certificate authorities
    begin with TEST. A service does not start with the keys of the other kind."""

    incident_contact: Annotated[str, Field(pattern=r"^(mailto:|tel:|https://)[!-~]+$", max_length=200)] | None = None
    """Where weaknesses and incidents of this service are reported (RFC 9116), for example mailto:cards@city.example."""

    keystore: KeystoreKind = KeystoreKind.FILE
    """``file``: encrypted files; ``pkcs11``: a hardware security module, or SoftHSM."""
    keystore_dir: Path = Path("var/cardsvc/keystore")
    """The key files; the certificates of the authorities in either case."""
    keystore_passphrase: SecretStr | None = None
    keystore_passphrase_file: Path | None = None
    """A file whose first line is the passphrase, instead of the variable."""
    pkcs11_module: Path | None = None
    """For ``pkcs11``: the shared library of the token, for example /usr/lib/softhsm/libsofthsm2.so."""
    pkcs11_token: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    """The label of the token."""
    pkcs11_pin_file: Path | None = None
    """A file whose first line is the token's user PIN."""

    challenge_seconds: Annotated[int, Field(ge=1, le=300)] = 300
    """How long a challenge may be answered."""
    visit_idle_seconds: Seconds = 90
    visit_seconds: Seconds = 600
    assertion_seconds: Annotated[int, Field(ge=1, le=300)] = 300
    """How long a department may accept an assertion."""
    access_token_seconds: Annotated[int, Field(ge=1, le=3600)] = 300

    rate_limits: str = ""
    """How often one caller may ask, where that differs from `limits.LIMITS`: ``read=600/60`` is 600 requests at once
    and as many again each minute, ``bulk=none`` leaves a kind of traffic unlimited, ``none`` alone leaves all. Each
    process counts for itself: where several answer, divide."""
    trusted_proxies: Annotated[Networks, NoDecode] = ()
    """Addresses and networks of reverse proxies, separated by spaces, for example ``10.0.0.5 10.1.0.0/24``. What they
    say about whom they pass on (``X-Forwarded-For``) is believed; what anybody else says is not."""

    printed_issuer: Annotated[str, Field(pattern=r"^[ -~]{1,15}$")] = "CITY"
    """Who issued a card, in its printed information: there is room for 15 characters."""
    card_years: Annotated[int, Field(ge=1, le=10)] = 5
    """A card and its certificates are valid for so long."""
    temporary_days: Annotated[int, Field(ge=1, le=7)] = 7
    """A temporary card, for one that was forgotten, is valid for so many days after the one it is made on."""
    renewal_days: Annotated[int, Field(ge=1, le=365)] = 60
    """So long before it expires a card can be renewed."""
    consent_age: Annotated[int, Field(ge=0, le=21)] = 16
    """Whoever is younger needs a guardian's consent to a card."""
    found_days: Annotated[int, Field(ge=1, le=90)] = 15
    """A lost card that is found within so many days can be reinstated; then it is revoked."""
    questions: Annotated[int, Field(ge=1, le=6)] = 2
    """Somebody who reports a loss by telephone answers at least so many."""
    reservation_hours: Annotated[int, Field(ge=1, le=720)] = 24
    """A blank card that was reserved and not written goes back to stock after that."""
    attestation_roots_file: Path | None = None
    """PEM: attestation roots of card makers, and authorities below them. A key that such a card vouches for counts as
    attested; without this file none does."""
    sign_with_asserted_keys: bool = False
    """Accept signatures by 9C keys of which nobody but the card and the desk say that they were made on the card: for
    demonstrations, and for a city whose desks and cards are trusted so far."""
    photo_bytes: Annotated[int, Field(ge=65_536, le=20_000_000)] = 2_000_000
    """The largest photograph that is read."""
    document_bytes: Annotated[int, Field(ge=65_536, le=50_000_000)] = 10_000_000
    """The largest scanned document that is read."""
    erasures_file: Path = Path("var/cardsvc/erasures.jsonl")
    """Ids of people whose data was erased, for the day when a backup is restored. Keep it where the database is not."""
    sealed_entries: Annotated[int, Field(ge=4, le=1000)] = 32
    """So many places for sealed entries has a day, and so many commitments the log gets, whatever happens. When it is
    changed, the day after tomorrow is the first with the new number."""
    sealed_days: Annotated[int, Field(ge=1, le=730)] = 730
    """An investigation is released after so many days at the latest."""
    relay_command_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    """How long a card behind a desk may take for one command. Making a key is the slowest."""

    metrics_port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """Serve numbers for Prometheus at http://127.0.0.1:PORT/metrics, to whoever is on this machine; without it, not."""
    webhook_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    """How long one attempt to deliver an event to a department may take."""
    webhook_patience_hours: Annotated[int, Field(ge=1, le=720)] = 72
    """A department that accepts no event for so long is tried every twelve hours only, until it is back."""
    webhook_private_addresses: bool = False
    """Deliver to addresses of private networks, too. Then a department can make the service knock at doors in them."""
    webhook_plain_http: bool = False
    """Deliver unencrypted to other machines. To this one that is allowed together with private addresses."""
    webhook_ca_file: Path | None = None
    """PEM: authorities that departments' certificates may be of, beside those that the machine trusts."""

    @field_validator("keystore_passphrase")
    @classmethod
    def _not_empty(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value():
            raise ValueError("the keystore passphrase is empty")
        return value

    @field_validator("rate_limits")
    @classmethod
    def _parsable(cls, value: str) -> str:
        parse_limits(value)
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return value.split() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_passphrase(self) -> Self:
        if self.keystore_passphrase is not None and self.keystore_passphrase_file is not None:
            raise ValueError("give the keystore passphrase itself or a file that holds it, not both")
        return self

    @field_validator("authority_title")
    @classmethod
    def _no_test(cls, value: str) -> str:
        if value.startswith(TEST):
            raise ValueError(f"only a sandbox's authorities are named {TEST}: set CARDSVC_SANDBOX=true")
        return value

    @property
    def authority_name(self) -> str:
        """How the names of the certificate authorities begin."""
        return f"{TEST} {self.authority_title}" if self.sandbox else self.authority_title

    @model_validator(mode="after")
    def _whole_token(self) -> Self:
        wanted = (self.pkcs11_module, self.pkcs11_token, self.pkcs11_pin_file)
        if self.keystore is KeystoreKind.PKCS11 and None in wanted:
            raise ValueError("keystore pkcs11 wants pkcs11_module, pkcs11_token and pkcs11_pin_file")
        return self

    def read_keystore_passphrase(self) -> bytes:
        """The passphrase, from its variable or its file.

        Raises ValueError without either, PermissionError when others may read the file, OSError from the file.
        """
        if self.keystore_passphrase is not None:
            return self.keystore_passphrase.get_secret_value().encode()
        if self.keystore_passphrase_file is None:
            raise ValueError("set CARDSVC_KEYSTORE_PASSPHRASE or CARDSVC_KEYSTORE_PASSPHRASE_FILE")
        return _read_secret(self.keystore_passphrase_file, "keystore passphrase")

    def read_pkcs11_pin(self) -> str:
        """The token's PIN, from its file. Raises ValueError, PermissionError, OSError likewise."""
        if self.pkcs11_pin_file is None:
            raise ValueError("set CARDSVC_PKCS11_PIN_FILE")
        return _read_secret(self.pkcs11_pin_file, "PKCS #11 PIN").decode()


def _read_secret(path: Path, what: str) -> bytes:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError(f"{path} can be read by others; set its mode to 0600")
    first_line = path.read_bytes().split(b"\n", 1)[0].rstrip(b"\r")
    if not first_line:
        raise ValueError(f"the {what} file is empty")
    return first_line
