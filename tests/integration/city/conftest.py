"""The fixtures of the live city, here alone: elsewhere `city` is the service without a socket."""

from tests.fixtures.city import card, city, live_city
from tests.fixtures.sandbox import sandbox

__all__ = ["card", "city", "live_city", "sandbox"]
