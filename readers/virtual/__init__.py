"""A software PIV card, and the ways to put it on a reader: in this process, or behind a real pcscd."""
