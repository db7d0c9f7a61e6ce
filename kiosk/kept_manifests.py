"""The departments' manifests on disk: after a start without a network the kiosk still knows what there is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import structlog

from cardsvc.wire.manifest import Manifest
from kiosk.journal import replace_file

_log = structlog.get_logger()


class KeptManifests:
    """One file in a folder. What is in it draws screens and no more: what may be told to whom, the policies say."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "manifests.json"
        self._written = b""

    def read(self) -> dict[str, Manifest]:
        """By the address of the department; none when the file is not right."""
        if not self._file.exists():
            return {}
        try:
            kept = json.loads(self._file.read_bytes())
            return {str(address): Manifest.model_validate(manifest) for address, manifest in kept.items()}
        except (OSError, ValueError, AttributeError) as error:
            _log.error("the kept manifests are not right", why=type(error).__name__)
            return {}

    def write(self, manifests: Mapping[str, Manifest]) -> None:
        """If they are others than before. Raises OSError."""
        kept = {address: manifest.model_dump(mode="json") for address, manifest in manifests.items()}
        content = json.dumps(kept).encode()
        if content != self._written:
            replace_file(self._file, content)
            self._written = content
