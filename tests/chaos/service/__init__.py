"""The card service killed under load."""
