"""What a kiosk has on disk for the time without its network, and how it is kept fresh.

    anchor.cer      the city's root (`kiosk.anchors`)
    package.json    the package and the status lists that it names, as the service signed them
    clock           the newest moment the kiosk has seen (`watch.py`)

Nothing is believed because it is on the disk: the package leads to the root by its certificates, and it names each
status list by its hash. A file that is not right is as good as none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from pydantic import ValidationError

from cardsvc.client.clock import Clock
from cardsvc.wire import jose
from cardsvc.wire.evidence import EVIDENCE_USAGE
from cardsvc.wire.offline_taps import (
    LONGEST_PACKAGE,
    PACKAGE_TYP,
    CurrentStatusList,
    JudgedTap,
    OfflineEntry,
    OfflinePackage,
)
from cardsvc.wire.status_list import MAX_TOKEN_LENGTH, PackedStatuses, StatusListRefused
from kiosk.anchors import ANCHOR, RootService, city_root, load_certificate
from kiosk.journal import replace_file
from readers.errors import PathError
from readers.paths import validate_path

_log = structlog.get_logger()
_USAGE: Final = x509.ObjectIdentifier(EVIDENCE_USAGE)


class OfflineService(RootService, Protocol):
    """The part of `cardsvc.client.ServiceClient` that is for this. All raise ServiceProblem and ServiceUnreachable."""

    @property
    def client_id(self) -> str:
        """The kiosk's name."""

    def offline_package(self) -> str:
        """A package that was made just now."""

    def status_list(self, uri: str) -> str:
        """A status list token."""

    def submit_offline_taps(self, entries: list[OfflineEntry]) -> list[JudgedTap]:
        """Bring back entries of the journal."""


class SuppliesRefused(Exception):
    """Raised when a package or a status list is not what the service signed for this kiosk."""


@dataclass(frozen=True, slots=True)
class Supplies:
    """Checked: what the kiosk knows without asking."""

    package: OfflinePackage
    root: x509.Certificate
    issuers: tuple[x509.Certificate, ...]
    statuses: Mapping[str, PackedStatuses]
    fetched_at: int
    """By the kiosk's clock, seconds since 1970."""

    @property
    def as_of(self) -> int:
        """By the service's clock."""
        return self.package.iat


class Store:
    """The folder. One thread refreshes; any may read `current`."""

    def __init__(self, folder: Path, service: OfflineService, clock: Clock) -> None:
        """Reads what there is. Raises OSError when the folder cannot be made."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._service = service
        self._clock = clock
        self._tokens: dict[str, str] = {}
        self.current = self._read()

    def refresh(self) -> Supplies:
        """Fetch a package and the lists that changed. Raises ServiceProblem, ServiceUnreachable, SuppliesRefused."""
        root = city_root(self._folder, self._service)
        compact = self._service.offline_package()
        package = check_package(compact, root, self._service.client_id)
        tokens = {current.uri: self._token(current.uri) for current in package.status_lists if not self._has(current)}
        self._tokens = {**self._tokens, **tokens}
        content = {
            "package": compact,
            "fetched_at": int(self._clock().timestamp()),
            "lists": {current.uri: self._tokens[current.uri] for current in package.status_lists},
        }
        supplies = check(content, root, self._service.client_id)
        replace_file(self._folder / "package.json", json.dumps(content).encode())
        self.current = supplies
        return supplies

    def _has(self, current: CurrentStatusList) -> bool:
        return current.is_of(self._tokens.get(current.uri, ""))

    def _token(self, uri: str) -> str:
        try:
            return self._service.status_list(uri)
        except ValueError as error:
            raise SuppliesRefused("a status list of another service") from error

    def _read(self) -> Supplies | None:
        path = self._folder / "package.json"
        if not path.exists():
            return None
        try:
            content = json.loads(path.read_bytes())
            supplies = check(content, load_certificate((self._folder / ANCHOR).read_bytes()), self._name)
        except (OSError, ValueError, SuppliesRefused) as error:
            _log.error("what was kept for the time without a network is not right", why=str(error))
            return None
        self._tokens = content["lists"]
        return supplies

    @property
    def _name(self) -> str:
        return self._service.client_id


def check(content: Any, root: x509.Certificate, kiosk: str) -> Supplies:
    """What a file or an answer says, if all of it is signed. Raises SuppliesRefused."""
    try:
        package = check_package(content["package"], root, kiosk)
        tokens, fetched_at = dict(content["lists"]), int(content["fetched_at"])
        statuses = {current.uri: _statuses(current, tokens[current.uri]) for current in package.status_lists}
        issuers = tuple(map(x509.load_der_x509_certificate, package.issuer_certificates()))
    except (KeyError, TypeError, ValueError, StatusListRefused) as error:
        raise SuppliesRefused(f"malformed: {type(error).__name__}") from error
    return Supplies(package, root, issuers, statuses, fetched_at)


def check_package(compact: str, root: x509.Certificate, kiosk: str) -> OfflinePackage:
    """The claims of a package for this kiosk, signed below this root. Raises SuppliesRefused."""
    try:
        certified = jose.parse_certified(compact, typ=PACKAGE_TYP, max_length=LONGEST_PACKAGE)
        own, *others = map(x509.load_der_x509_certificate, certified.certificates)
        at = datetime.fromtimestamp(int(certified.token.claims.get("iat", 0)), UTC)
        validate_path(own, others, [root], at, usage=_USAGE)
        public_key = own.public_key()
        if not isinstance(public_key, ec.EllipticCurvePublicKey):
            raise SuppliesRefused("the package is signed with a key of another kind")
        package = OfflinePackage.model_validate(certified.token.verify(ECKey.import_key(public_key), typ=PACKAGE_TYP))
    except (jose.JwtRefused, PathError, ValidationError, ValueError, TypeError, OverflowError) as error:
        raise SuppliesRefused(f"the package is not the service's: {type(error).__name__}") from None
    if package.aud != kiosk:
        raise SuppliesRefused("the package is for another kiosk")
    return package


def _statuses(current: CurrentStatusList, token: str) -> PackedStatuses:
    if not current.is_of(token):
        raise SuppliesRefused("a status list is another than the package names")
    # Its signature, by a key that we do not know, adds nothing to the package's, which names it by its hash.
    claims = jose.parse(token, max_length=MAX_TOKEN_LENGTH).claims
    if claims.get("sub") != current.uri:
        raise SuppliesRefused("a status list is about another")
    return PackedStatuses.from_claim(claims.get("status_list"))
