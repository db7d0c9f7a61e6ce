"""Evidence of what departments were told: signed from the audit log, for them to keep."""
