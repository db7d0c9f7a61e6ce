"""Forgeries by the hundred thousand, of everything that proves something to the service; run by ``make attack``."""
