"""A citizen at the kiosk's screen: looks at it and touches it over HTTP, as a browser does."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Final, Self

import httpx

from readers.piv.pin import Pin

PATIENCE_SECONDS: Final = 20.0
View = dict[str, Any]
_CHOICES: Final = ("services", "pin-entry", "consent", "form", "check", "review", "sign-pin", "done", "refusal")
"""Screens at which a citizen does something, or is done."""


class ScreenTrouble(Exception):
    """Raised when the screen does not show what the citizen came for."""


class CitizenAtScreen:
    """Somebody in front of the screen that ``link`` opens."""

    def __init__(self, link: str) -> None:
        url = httpx.URL(link)
        origin = str(url.copy_with(raw_path=b"/")).rstrip("/")
        self._browser = httpx.Client(base_url=origin, headers={"Origin": origin}, timeout=30)
        self._browser.get(link, follow_redirects=True).raise_for_status()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._browser.close()

    def wait_for(self, *screens: str) -> View:
        """Look until one of ``screens`` is shown. Raises ScreenTrouble when that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        after = -1
        while time.monotonic() < deadline:
            view = self._look(after)
            if view["screen"] in screens:
                return view
            after = view["version"]
        raise ScreenTrouble(f"the screen shows {view['screen']!r}, expected {' or '.join(screens)}: {_sentence(view)}")

    def use(self, department: str, service: str, values: dict[str, Any], pin: Pin | None = None) -> str:
        """Choose a service and go through with it; return the receipt number, leaving the list of services behind.

        Raises ScreenTrouble when the kiosk refuses.
        """
        posts: dict[str, tuple[str, dict[str, Any]]] = {
            "services": ("/choose", {"department": department, "service": service}),
            "pin-entry": ("/pin", {"pin": pin.digits if pin else ""}),
            "consent": ("/consent", {}),
            "form": ("/form", {"values": values}),
            "check": ("/check", {}),
            "sign-pin": ("/pin", {"pin": pin.digits if pin else ""}),
        }
        while True:
            view = self.wait_for(*_CHOICES)
            if view["screen"] == "done":
                self._touch("/back", {})
                return str(view["outcome"]["receipt"])
            if view["screen"] == "review" and "sign-pin" in posts:
                self._touch("/sign", {"sha256": view["sha256"]})
                continue
            if view["screen"] not in posts:  # refused, or asked for something a second time, for example the PIN
                raise ScreenTrouble(f"{view['screen']}: {_sentence(view)}")
            path, body = posts[view["screen"]]
            after = self._touch(path, body)
            # A card that is put in at this moment brings the PIN up first; the choice was not heard and is made again.
            overtaken = path == "/choose" and after["screen"] == "pin-entry" and after["service"] is None
            if not overtaken:
                del posts[view["screen"]]

    def leave(self) -> None:
        """Touch "done": the visit is over."""
        self._touch("/done", {})

    def _look(self, after: int) -> View:
        view: View = self._browser.get("/state", params={"after": after, "wait": 1}).raise_for_status().json()
        return view

    def _touch(self, path: str, body: dict[str, Any]) -> View:
        view: View = self._browser.post(path, json=body).raise_for_status().json()
        return view


def _sentence(view: View) -> str:
    said = (view.get(part) for part in ("title", "advice", "message"))
    return " ".join(part for part in said if part)
