"""Founding a city: keys, certificate authorities, database and the first two officers, in one witnessed ceremony.

It is the sole exception to the rule that nobody gives themselves a role. It happens once, and it happens wholly or not
at all: the keystore is made beside its place and moved there just before the database commits.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cardsvc.audit.service import OK, record
from cardsvc.audit.signing import LogSigner
from cardsvc.callers.errors import UnusableKey
from cardsvc.callers.models import Caller, CallerKind
from cardsvc.callers.service import register_caller
from cardsvc.db import create_database_engine, session_factory, transaction
from cardsvc.errors import ServiceError
from cardsvc.schema import upgrade
from cardsvc.settings import Settings
from cardsvc.trust.addresses import Addresses
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.keystore import KeystoreExists
from cardsvc.trust.keystores import new_keystore
from cardsvc.wire.jose import JwtRefused, public_key
from cardsvc.wire.officers import Role

ACTOR: Final = "ceremony"
"""Who did it, in audit records of the ceremony and of the command line."""
FOUNDERS: Final = 2


class AlreadyFounded(ServiceError):
    """Raised when there is a keystore, or a caller in the database: officers are made out of nothing only once."""

    code = "already-founded"
    title = "The ceremony took place already"


class TwoFoundersNeeded(ServiceError):
    """Raised unless there are two founding officers with different names and different keys."""

    code = "two-founders-needed"
    title = "Two founding officers are needed"


class WitnessNeeded(ServiceError):
    """Raised when nobody watches the ceremony, or one of the two whom it makes officers does."""

    code = "witness-needed"
    title = "A witness is needed"

    def __init__(self) -> None:
        super().__init__("Name a witness who is none of the two officers: somebody who writes the fingerprints down.")


@dataclass(frozen=True)
class Founding:
    """What came of the ceremony."""

    root: x509.Certificate
    issuing: x509.Certificate
    content_signing: x509.Certificate
    audit_key: str
    """The verifier key of the audit log."""
    officers: tuple[str, ...]

    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of each certificate, for the witness to write down."""
        named = {"root CA": self.root, "issuing CA": self.issuing, "content signing": self.content_signing}
        return {name: certificate.fingerprint(SHA256()).hex() for name, certificate in named.items()}


def found(settings: Settings, officers: Mapping[str, Mapping[str, Any]], witness: str, now: datetime) -> Founding:
    """Hold the ceremony. ``officers`` maps client ids to public JWKs.

    Raises TwoFoundersNeeded, WitnessNeeded, UnusableKey, AlreadyFounded, ValueError (settings, client ids), OSError.
    """
    _check_founders(officers, witness)
    folder = settings.keystore_dir.absolute()
    if folder.exists() and any(folder.iterdir()):
        raise AlreadyFounded(f"There is something in {folder} already: nothing was changed.")
    _make_room_for_sqlite(settings.database_url)
    with ExitStack() as undo:
        nursery = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
        undo.callback(shutil.rmtree, nursery, ignore_errors=True)
        engine = create_database_engine(settings.database_url)
        undo.callback(engine.dispose)
        keystore = undo.enter_context(new_keystore(settings, nursery))
        authority = IssuingAuthority.establish(keystore, Addresses(settings.issuer), settings.authority_name, now)
        authority.save(nursery)
        audit_key = str(LogSigner.of(keystore, settings.issuer).key)
        founding = Founding(authority.root, authority.issuing, authority.content_signing, audit_key, tuple(officers))
        upgrade(engine)
        _install(engine, lambda session: _register(session, founding, officers, witness, now), nursery, folder)
    return founding


def _check_founders(officers: Mapping[str, Mapping[str, Any]], witness: str) -> None:
    if len(officers) != FOUNDERS:
        raise TwoFoundersNeeded(f"Name two officers with a key each; {len(officers)} given.")
    try:
        thumbprints = {public_key(jwk).thumbprint() for jwk in officers.values()}
    except JwtRefused as error:
        raise UnusableKey(f"An officer's key cannot be used: {error}.") from error
    if len(thumbprints) != FOUNDERS:
        raise TwoFoundersNeeded("Both officers have the same key: that is one person.")
    if not witness.strip() or witness.strip().casefold() in {name.casefold() for name in officers}:
        raise WitnessNeeded


def _register(
    session: Session, founding: Founding, officers: Mapping[str, Mapping[str, Any]], witness: str, now: datetime
) -> None:
    if session.scalar(select(Caller.id).limit(1)) is not None:
        raise AlreadyFounded("The database has callers already: nothing was changed.")
    for client_id, jwk in officers.items():
        title = f"Founding officer {client_id}"
        officer = register_caller(
            session,
            client_id=client_id,
            kind=CallerKind.OFFICER,
            title=title,
            roles=list(Role),
            public_jwk=jwk,
            actor=ACTOR,
            now=now,
        )
        officer.keyed_by = None  # each brought their own key, and a witness saw it
    record(
        session,
        event="ceremony.found",
        outcome=OK,
        actor=ACTOR,
        now=now,
        witness=witness,
        officers=sorted(officers),
        certificates=founding.fingerprints(),
        audit_key=founding.audit_key,
    )
    session.flush()


def _install(engine: Engine, register: Callable[[Session], None], nursery: Path, folder: Path) -> None:
    """Officers and audit record, and the keystore in its place, or none of them."""
    try:
        with transaction(session_factory(engine)) as session:
            register(session)
            _move_in(nursery, folder)
    except BaseException:
        # Moved, and not committed: these keys are nobody's.
        if not nursery.exists():
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _move_in(nursery: Path, folder: Path) -> None:
    try:
        nursery.replace(folder)  # fails unless the folder is empty or not there
    except OSError:
        raise KeystoreExists(f"somebody put something into {folder} meanwhile: nothing was changed") from None


def _make_room_for_sqlite(url: str) -> None:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_certificate(certificate: x509.Certificate, path: Path) -> None:
    """As PEM, for anybody to read."""
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    path.chmod(0o644)
