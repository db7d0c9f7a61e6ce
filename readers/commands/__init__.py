"""Commands of ``readers`` that are more than a few lines."""
