"""Requests that come twice and are done once: the answers that are kept for them."""
