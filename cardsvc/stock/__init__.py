"""Blank cards by their printed number: where they are, whose hands they are in, and what became of them."""
