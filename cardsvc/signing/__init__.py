"""Citizens sign documents that departments prepared."""
