"""Cards and their states."""
