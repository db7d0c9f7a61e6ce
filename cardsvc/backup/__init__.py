"""Backups of the whole service: every row and the keystore, in one file that either kind of database takes back."""
