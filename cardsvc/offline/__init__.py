"""Kiosks without their network: what they take along, and what becomes of the taps they bring back."""
