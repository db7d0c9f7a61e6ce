"""Whoever calls the service: officers, kiosks, desks, departments."""
