"""What happened, who did it, when: written in the transaction that does it."""
