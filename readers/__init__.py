"""The reader layer: talks APDU to smart cards and judges what they hold."""
