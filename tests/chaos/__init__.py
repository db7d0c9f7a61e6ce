"""Campaigns that break things at random and watch what happens; run by make, not collected by pytest."""
