"""People: who a card is for. Personal data is sealed under a key of each person's own."""
