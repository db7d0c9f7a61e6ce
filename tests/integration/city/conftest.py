"""The fixtures of the live city, here alone: elsewhere `city` is the service without a socket."""

from tests.fixtures.browser import chromium, open_page
from tests.fixtures.city import card, city, live_city
from tests.fixtures.sandbox import sandbox

__all__ = ["card", "chromium", "city", "live_city", "open_page", "sandbox"]
