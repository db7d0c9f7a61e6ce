"""From an application to a finished card."""
