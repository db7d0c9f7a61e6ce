"""Kiosk, desk and departments: everything that stands between a card and a city service."""
