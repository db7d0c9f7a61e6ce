"""What all departments of this kiosk offer, from their manifests alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from cardsvc.wire.manifest import Manifest, Texts
from kiosk.department_client import DepartmentConfused, DepartmentRefused, DepartmentUnreachable
from kiosk.kept_manifests import KeptManifests
from kiosk.offers import Offer, offers_of

_log = structlog.get_logger()


class ManifestSource(Protocol):
    """Where manifests come from (`DepartmentClient`)."""

    def manifest(self, base_url: str) -> Manifest:
        """What the department at this address offers."""


_AT_ONCE: Final = 8
"""So many departments are asked at the same time: one that does not answer delays nobody else's offers."""
_ADDRESS: Final = re.compile(r"([a-z][a-z0-9-]*)=(https?://[^/?#]+[^?#]*)")


@dataclass(frozen=True, slots=True)
class DepartmentAddress:
    """Where a department is, and which one it must be."""

    base_url: str
    code: str

    @classmethod
    def parse(cls, text: str) -> DepartmentAddress:
        """Read ``code=http://…``. Raises ValueError."""
        match = _ADDRESS.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not CODE=ADDRESS, for example education=https://education.example")
        return cls(match[2], match[1])


class Catalogue:
    """The offers of some departments. A department that does not answer keeps its last good manifest.

    An address speaks for one department only: if it could choose its code, it would be sent the assertions, and so the
    attributes, that are meant for another.
    """

    def __init__(
        self, source: ManifestSource, addresses: Iterable[DepartmentAddress], kept: KeptManifests | None = None
    ) -> None:
        """``kept`` is where manifests are found again after a start."""
        self._source = source
        self._codes = {address.base_url: address.code for address in addresses}
        self._kept = kept
        self._manifests: dict[str, Manifest] = {}
        self.fresh = False
        """Whether every department has answered the last time."""
        for address, manifest in (kept.read() if kept else {}).items():
            if address in self._codes:
                self._take(address, manifest)
        self._answered: set[str] = set()

    def follow(self, addresses: Iterable[DepartmentAddress]) -> None:
        """Other departments from now on, or elsewhere; one that stays where it is keeps its manifest."""
        codes = {address.base_url: address.code for address in addresses}
        self._manifests = {
            base_url: manifest
            for base_url, manifest in self._manifests.items()
            if codes.get(base_url) == manifest.department
        }
        self._codes = codes

    @property
    def complete(self) -> bool:
        """Whether every department has answered at least once."""
        return self._codes.keys() <= self._answered

    @property
    def titles(self) -> dict[str, Texts]:
        """What the departments are called, by code, in the order of the addresses."""
        known = (self._manifests[base_url] for base_url in self._codes if base_url in self._manifests)
        return {manifest.department: manifest.titles for manifest in known}

    def refresh(self) -> tuple[Offer, ...]:
        """Ask every department again and give all offers, in the order of the addresses."""
        self.fresh = True
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="manifest") as hands:
            asked = {base_url: hands.submit(self._source.manifest, base_url) for base_url in self._codes}
        for base_url, answer in asked.items():
            self._hear(base_url, answer)
        if self._kept:
            self._kept.write(self._manifests)
        return tuple(
            offer
            for base_url in self._codes
            if base_url in self._manifests
            for offer in offers_of(self._manifests[base_url], base_url)
        )

    def _hear(self, base_url: str, answer: Future[Manifest]) -> None:
        try:
            self._take(base_url, answer.result())
            self._answered.add(base_url)
        except (DepartmentUnreachable, DepartmentConfused, DepartmentRefused) as error:
            self.fresh = False
            _log.warning("no manifest", address=base_url, reason=type(error).__name__)

    def _take(self, base_url: str, manifest: Manifest) -> None:
        expected = self._codes[base_url]
        if manifest.department != expected:
            _log.error("not its code", address=base_url, claims=manifest.department, expected=expected)
            return
        self._manifests[base_url] = manifest
