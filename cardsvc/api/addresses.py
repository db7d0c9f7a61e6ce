"""Where a request comes from. Behind a proxy that the operator trusts, the proxy says; nobody else is believed."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.requests import HTTPConnection

from cardsvc.services import Services
from cardsvc.settings import Networks

_SUBSCRIBER: Final = 64
"""Bits of an IPv6 address that a subscriber is given; the others are theirs to choose (RFC 6177)."""
_UNKNOWN: Final = "unknown"

Address = IPv4Address | IPv6Address


def address_of(connection: HTTPConnection) -> str:
    """The address, or the network of a subscriber, that a request comes from, as a name to count by."""
    hops = [*_forwarded(connection), _peer(connection)]
    return _name(_first_untrusted(hops, _trusted(connection)))


def _first_untrusted(hops: Sequence[str], trusted: Networks) -> Address | None:
    """From our end on, the first hop that is no trusted proxy: each proxy vouches for the hop before it."""
    address = None
    for hop in reversed(hops):
        address = _address(hop)
        if not _is_in(address, trusted):
            break
    return address


def _forwarded(connection: HTTPConnection) -> list[str]:
    return [hop.strip() for line in connection.headers.getlist("X-Forwarded-For") for hop in line.split(",")]


def _peer(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client is not None else ""


def _trusted(connection: HTTPConnection) -> Networks:
    services: Services = connection.app.state.services
    return services.settings.trusted_proxies


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_in(address: Address | None, networks: Networks) -> bool:
    return address is not None and any(address in network for network in networks)


def _name(address: Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, _SUBSCRIBER), strict=False))
    return _UNKNOWN if address is None else str(address)
