"""What every test gets. The fixtures themselves are in ``tests/fixtures``, a file for each kind of part."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = (
    "tests.fixtures.logging",
    "tests.fixtures.parts",
    "tests.fixtures.databases",
    "tests.fixtures.cards",
    "tests.fixtures.issued",
    "tests.fixtures.pcscd",
    "tests.fixtures.faulty",
    "tests.fixtures.torn_on_pcscd",
    "tests.fixtures.mortal",
    "tests.fixtures.served",
    "tests.fixtures.services",
    "tests.fixtures.proofs",
    "tests.fixtures.booths",
    "tests.fixtures.signing",
    "tests.fixtures.desks",
    "tests.fixtures.desk_city",
    "tests.fixtures.evidence",
    "tests.fixtures.counter",
    "tests.fixtures.crowd",
    "tests.fixtures.cups",
    "tests.fixtures.audit",
    "tests.fixtures.tokens",
    "tests.fixtures.webhooks",
    "tests.fixtures.command_line",
)

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault(
    "CARDSVC_RATE_LIMITS", "none"
)  # a test is one caller and in a hurry; limits have tests of their own

# Machines differ in speed, so no example has a deadline. CI must find the same thing twice.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: many tests wait, for a reader or for a process to start."""
    cores = os.cpu_count() or 1
    return cores + (cores + 1) // 2
