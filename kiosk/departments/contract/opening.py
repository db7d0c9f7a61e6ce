"""Opening a department: its database brought up to date and seeded, its gate manned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from cryptography import x509
from joserfc.jwk import ECKey

from cardsvc.client import AssertionVerifier, FetchedJwks, ServiceClient, SignatureVerifier
from kiosk.departments.contract.access import Gate
from kiosk.departments.contract.clock import Clock, system_clock
from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.migrating import migrate
from kiosk.departments.contract.papers.press import Press
from kiosk.departments.contract.serving import Office
from kiosk.departments.contract.storage import in_transaction, open_database, session_factory


@contextmanager
def open_gate(
    department: Department, service_url: str, issuer: str, key: ECKey, roots: Sequence[x509.Certificate] = ()
) -> Iterator[Gate]:
    """A gate that knows the card service at ``service_url``, under whose name ``issuer`` assertions are made.

    ``roots`` are the certificates of the city's root, where citizens sign documents.
    """
    jwks = FetchedJwks(service_url)
    with closing(jwks), ServiceClient(service_url, department.code, key, issuer=issuer) as client:
        signatures = SignatureVerifier(roots) if roots else None
        yield Gate(AssertionVerifier(issuer, department.audience, jwks), client, signatures)


@contextmanager
def open_office(
    department: Department, database_url: str, gate: Gate, clock: Clock = system_clock, press: Press | None = None
) -> Iterator[Office]:
    """The department at work, until the end of the block. Raises ValueError when it lacks its press or its roots."""
    engine = open_database(database_url)
    try:
        migrate(engine, department)
        sessions = session_factory(engine)
        if department.seed is not None:
            in_transaction(sessions, department.seed)
        yield Office(department, sessions, gate, clock, press)
    finally:
        engine.dispose()
