"""The desk's windows: thin, over the steps in `kiosk.desk`. They alone import Qt, which is the extra `desk`."""
