"""The fixtures of the live city, here alone: elsewhere `city` is the service without a socket."""

from tests.fixtures.city import card, city, live_city

__all__ = ["card", "city", "live_city"]
