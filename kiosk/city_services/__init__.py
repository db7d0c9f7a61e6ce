"""What citizens may do about their own card and data: the city's own services, beside those of the departments.

No department has a part in them: the kiosk asks the card service itself, with the visit that it holds. So they are no
process of their own, and no assertion is made; but they look like a department's, with a manifest of the same kind and
outcomes of the same kind, so that one screen draws both. All of them take the PIN: a found card must tell nothing, and
keep nobody out.
"""
