"""A city whose certificates OpenSSL looks at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.fixtures.proofs import City
from tests.fixtures.publishing import OpenSsl


@pytest.fixture
def city(sqlite_city: City) -> City:
    """A little behind the machine's time, which is what OpenSSL goes by: so there is room for things to happen."""
    sqlite_city.clock.now = datetime.now(UTC) - timedelta(minutes=10)
    return sqlite_city


@pytest.fixture
def openssl(city: City, tmp_path: Path) -> OpenSsl:
    return OpenSsl(tmp_path, city)
