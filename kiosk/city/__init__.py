"""A whole city in one folder, as separate processes: for `make demo`, `make run`, benchmarks and tests."""
