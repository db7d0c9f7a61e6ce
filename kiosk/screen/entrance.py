"""Who may use the screen: whoever has opened a link that this process printed.

Any program and any web page on this machine can reach a local port. So the screen wants a cookie with a secret that is
made at every start; a browser gets it by opening a link with a code that works once. The next link takes its place at
once, in the file (readable by this user alone) and on the terminal.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from typing import Final

COOKIE: Final = "kiosk_screen"
ENTRY_PATH: Final = "/enter"


class Entrance:
    """The secret of this start, and the code that opens the door for it."""

    def __init__(self, address: str, announce: Callable[[str], None]) -> None:
        """``announce`` is told each new link, in whatever thread used up the last one."""
        self._address = address
        self._announce = announce
        self._lock = threading.Lock()
        self._secret = secrets.token_urlsafe(32)
        self._code = ""

    def open(self) -> str:
        """Make a new link, announce it and give it; the one before no longer works."""
        with self._lock:
            self._code = secrets.token_urlsafe(24)
            link = f"{self._address}{ENTRY_PATH}?code={self._code}"
        self._announce(link)
        return link

    def admit(self, code: str) -> str | None:
        """The secret for the cookie, if the code is right; it is then used up and there is a new link."""
        with self._lock:
            good = bool(self._code) and hmac.compare_digest(code.encode(), self._code.encode())
            if good:
                self._code = ""
        if not good:
            return None
        self.open()
        return self._secret

    def knows(self, secret: str) -> bool:
        """Whether this is the secret."""
        return hmac.compare_digest(secret.encode(), self._secret.encode())
