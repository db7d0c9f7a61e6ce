"""What departments report that went wrong with them, and whom to call about it."""
