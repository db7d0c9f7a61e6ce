"""``python -m kiosk.city`` is `city`."""

from kiosk.city.cli import main

main()
