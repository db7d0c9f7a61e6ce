"""The kiosk as one of many machines: enrolled with a code, and looked after from afar."""
