"""What the service is made of, wired once at the start and passed to whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass

from cardsvc.clock import Clock, system_clock
from cardsvc.db import SessionFactory, create_database_engine, session_factory
from cardsvc.settings import Settings
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.file_keystore import FileKeystore
from cardsvc.trust.keystore import Keystore


@dataclass(frozen=True)
class Services:
    """The parts that routes and the command line work with."""

    settings: Settings
    clock: Clock
    sessions: SessionFactory
    keystore: Keystore
    authority: IssuingAuthority


def build_services(settings: Settings, clock: Clock = system_clock) -> Services:
    """Open the database and the keystore that `cardsvc init` made. Raises KeystoreError, ValueError or OSError."""
    keystore = FileKeystore.load(settings.keystore_dir, settings.read_keystore_passphrase())
    return Services(
        settings=settings,
        clock=clock,
        sessions=session_factory(create_database_engine(settings.database_url)),
        keystore=keystore,
        authority=IssuingAuthority.load(settings.keystore_dir, keystore),
    )
