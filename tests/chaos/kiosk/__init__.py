"""Cards torn out of their reader while they are made."""
