"""The published contract between the card service and whoever calls it. Imports nothing of ours."""
