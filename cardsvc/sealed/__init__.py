"""Sealed entries: looks that are on record at once and can be read later, without anything giving them away."""
