"""Departments as relying parties: their policies, and the pseudonyms they know citizens by."""
