"""The places where officers work and cards are kept."""
