"""The coverage-guided fuzzing of what reads a card's bytes: ``make fuzz``."""
