"""Where the service may send anything of its own accord.

A department names the place, and must not make us knock at doors that are open to us alone (server-side request
forgery). The name is looked up once, and the connection goes to the address that was looked at: a name that means
another place a moment later leads nowhere.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx
from anyio import to_thread

from cardsvc.webhooks.errors import WebhookUrlRefused

Address = IPv4Address | IPv6Address
Resolver = Callable[[str], Sequence[str]]
"""The addresses of a name. Raises OSError or UnicodeError. May take long: it is asked in a thread."""

_PORTS: Final = frozenset({None, *range(1, 65_536)})
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in its last four bytes."""
_UNICAST: Final = IPv6Network("2000::/3")
"""What IANA gives out of IPv6 as global unicast. All else is of some network: translated, site-local, reserved."""


class AddressRefused(Exception):
    """Raised when a name leads where nothing may be sent."""


class NameUnknown(Exception):
    """Raised when a name leads nowhere."""


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What the city allows."""

    private: bool = False
    """Addresses of networks that are not the Internet, loopback included."""
    plain_http: bool = False
    """Unencrypted to other machines; to this one it is allowed together with private addresses."""
    resolver: Resolver = field(default_factory=lambda: system_resolver)

    def check(self, url: str) -> httpx.URL:
        """What can be told from the URL alone. Raises WebhookUrlRefused."""
        try:
            parsed = httpx.URL(url)
            host = parsed.host  # decodes what it can of an international name
        except (httpx.InvalidURL, UnicodeError):
            raise WebhookUrlRefused("This is no URL.") from None
        if parsed.scheme not in ("https", "http") or not host or parsed.userinfo or parsed.fragment:
            raise WebhookUrlRefused("Give an https URL without user and fragment.")
        if parsed.port not in _PORTS:
            raise WebhookUrlRefused("There is no such port.")
        literal = _literal(host)
        if literal is not None and not self.allows(parsed.scheme, literal):
            raise WebhookUrlRefused("Nothing is sent to this address, or only encrypted.")
        here = self.private and host == "localhost"
        if literal is None and parsed.scheme == "http" and not (here or self.plain_http):
            raise WebhookUrlRefused("Give an https URL.")
        return parsed

    def allows(self, scheme: str, address: Address) -> bool:
        """Whether something may be sent to this address."""
        if not self.private and not is_public(address):
            return False
        return scheme == "https" or self.plain_http or address.is_loopback

    async def resolve(self, url: httpx.URL) -> Address:
        """The address to connect to. Raises NameUnknown, AddressRefused: also when one of several is not allowed."""
        found = await self._look_up(url.host)
        if not found:
            raise NameUnknown
        if not all(self.allows(url.scheme, address) for address in found):
            raise AddressRefused
        return found[0]

    async def _look_up(self, host: str) -> Sequence[Address]:
        literal = _literal(host)
        if literal is not None:
            return [literal]
        try:
            # In a thread that is left alone when time is up: no resolver can be interrupted.
            return [ip_address(text) for text in await to_thread.run_sync(self.resolver, host, abandon_on_cancel=True)]
        except (OSError, UnicodeError):
            return []


def is_public(address: Address) -> bool:
    """Whether it is an address of the Internet, and so are those that it stands for."""
    if isinstance(address, IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        translated = address in _NAT64
        if translated:
            inner.append(IPv4Address(address.packed[-4:]))
        if not all(is_public(embedded) for embedded in inner if embedded is not None):
            return False
        if translated or address.ipv4_mapped is not None:
            return True
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def system_resolver(host: str) -> Sequence[str]:
    """What the machine says. A link-local address loses its zone: nothing is sent there anyway."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]).partition("%")[0] for *_, address in answers]
