"""Faults of cards, readers and pcscd."""
