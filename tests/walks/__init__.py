"""Residents who walk through every service of the city at a real kiosk, in every language.

``make test`` walks each department in one language; ``make walks`` all of them in all.
"""
