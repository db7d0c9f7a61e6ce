"""The kiosk's own Chromium: started in kiosk mode, watched, and started again when it dies."""
