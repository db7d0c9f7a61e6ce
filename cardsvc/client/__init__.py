"""Typed client of the card service, for kiosks, desks and departments."""
