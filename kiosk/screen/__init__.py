"""The kiosk's screen: a small web server on this machine, for a browser on this machine."""
