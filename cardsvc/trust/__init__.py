"""Keys, certificate authorities, certificates."""
