"""Counters of the reference departments, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from kiosk.departments.community import department as community
from kiosk.departments.contract.declaration import Department
from kiosk.departments.contract.migrating import chains_of, migrate
from kiosk.departments.contract.storage import open_database
from kiosk.departments.education import department as education
from kiosk.departments.environment import department as environment
from kiosk.departments.finance import department as finance
from kiosk.departments.medical_insurance import department as medical_insurance
from kiosk.departments.public_security import department as public_security
from kiosk.departments.real_estate import department as real_estate
from kiosk.departments.social_insurance import department as social_insurance
from tests.fixtures import postgres
from tests.fixtures.departments import CardService, CityTime, Counter, counter

ALL = (finance, public_security, medical_insurance, social_insurance, education, real_estate, environment, community)


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Callable[[Department], str]:
    """Gives the URL of a department's database without a record in it."""
    ready: dict[str, str] = request.getfixturevalue(f"{request.param}_of_departments")

    def empty(department: Department) -> str:
        engine = open_database(ready[department.code])
        with engine.begin() as connection:
            for chain in chains_of(department):
                for table in reversed(chain.metadata.sorted_tables):
                    connection.execute(table.delete())
        engine.dispose()
        return ready[department.code]

    return empty


@pytest.fixture(scope="session")
def sqlite_of_departments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("departments")
    return {department.code: migrated(f"sqlite:///{folder / department.code}.sqlite", department) for department in ALL}


@pytest.fixture(scope="session")
def postgresql_of_departments(postgres_cluster: postgres.Cluster) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {each.code: migrated(stack.enter_context(postgres_cluster.database()), each) for each in ALL}


def migrated(url: str, department: Department) -> str:
    engine = open_database(url)
    migrate(engine, department)
    engine.dispose()
    return url


@pytest.fixture
def service() -> CardService:
    return CardService(CityTime())


@pytest.fixture
def clinic(service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
    with counter(medical_insurance, databases(medical_insurance), service) as opened:
        yield opened


@pytest.fixture
def library(service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
    with counter(education, databases(education), service) as opened:
        yield opened


@pytest.fixture
def registry(service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
    with counter(real_estate, databases(real_estate), service) as opened:
        yield opened


@pytest.fixture
def station(service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
    with counter(environment, databases(environment), service) as opened:
        yield opened


@pytest.fixture
def community_centre(service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
    with counter(community, databases(community), service) as opened:
        yield opened


@pytest.fixture
def insurance(service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
    with counter(social_insurance, databases(social_insurance), service) as opened:
        yield opened


@pytest.fixture
def treasury(service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
    with counter(finance, databases(finance), service) as opened:
        yield opened


@pytest.fixture
def security(service: CardService, databases: Callable[[Department], str]) -> Iterator[Counter]:
    with counter(public_security, databases(public_security), service) as opened:
        yield opened
