"""A counter of the city: a desk, two officers with cards, a pile of blank cards, and residents who have come before."""
