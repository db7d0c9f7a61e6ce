"""Proof that a card is there, and what follows from it: visits and assertions."""
