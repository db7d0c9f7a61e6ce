"""Amounts as people read them."""

from __future__ import annotations


def yuan(fen: int) -> str:
    """An amount in fen (a hundredth of a yuan): ``CNY 1,234.50``."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}CNY {whole:,}.{rest:02}"
