"""The browser's folder: made for one browser, and thrown away with all that it wrote.

A kiosk that was killed could not throw its folder away. The next one does: a folder that nobody holds is nobody's.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

_PREFIX: Final = "kiosk-browser-"
_HELD: Final = "held"
_PREFERENCES: Final[dict[str, Any]] = {
    "autofill": {"credit_card_enabled": False, "profile_enabled": False},
    "browser": {"enable_spellchecking": False},
    "credentials_enable_service": False,
    "download_restrictions": 3,
    "printing": {"enabled": False},
    "translate": {"enabled": False},
}
"""What no flag says. Restriction 3 is: no downloads. What is printed is printed by the kiosk, not by the browser."""


@contextmanager
def browser_folder(place: Path | None = None) -> Iterator[Path]:
    """A folder for one browser, which only this user can read; removed at the end, like those of kiosks that died."""
    place = place or Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    try:
        with (folder / _HELD).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            preferences = folder / "Default" / "Preferences"
            preferences.parent.mkdir()
            preferences.write_text(json.dumps(_PREFERENCES))
            yield folder
    finally:
        _remove(folder)


def sweep(place: Path) -> None:
    """Remove the folders of browsers whose kiosk died."""
    for held in place.glob(f"{_PREFIX}*/{_HELD}"):
        with suppress(OSError), held.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(held.parent)


def _remove(folder: Path) -> None:
    """A process of the browser that is ending may still write for a moment."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
