"""Benchmarks: medians and ratios against something measured in the same run. Not collected by pytest."""
