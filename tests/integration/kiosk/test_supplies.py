"""What a kiosk keeps for the time without its network, and what of it is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey

from cardsvc.client import ServiceClient
from cardsvc.wire import jose
from cardsvc.wire.offline_taps import PACKAGE_TYP
from cardsvc.wire.status_list import CardStatus, StatusReference
from kiosk.anchors import load_certificate
from kiosk.offline.judging import CardRefusedOffline, check_status
from kiosk.offline.supplies import Store, SuppliesRefused, check, check_package
from readers.piv.identifiers import KeyReference
from tests.fixtures.authorities import Entity
from tests.fixtures.cards import PersonalisedCard
from tests.fixtures.proofs import City

ANOTHER_ROOT = Entity.root()


@pytest.fixture
def kiosk(sqlite_city: City) -> ServiceClient:
    sqlite_city.card()
    return sqlite_city.caller("kiosk-1")


@pytest.fixture
def kept(kiosk: ServiceClient, sqlite_city: City, tmp_path: Path) -> dict[str, Any]:
    """What is in the file after a refresh."""
    Store(tmp_path, kiosk, sqlite_city.clock).refresh()
    content: dict[str, Any] = json.loads((tmp_path / "package.json").read_bytes())
    return content


def test_what_was_fetched_is_there_after_a_start(kiosk: ServiceClient, sqlite_city: City, tmp_path: Path) -> None:
    fetched = Store(tmp_path, kiosk, sqlite_city.clock).refresh()
    found = Store(tmp_path, kiosk, sqlite_city.clock).current
    assert found == fetched
    assert fetched.as_of == int(sqlite_city.clock().timestamp())
    assert len(fetched.statuses) == 1


def test_a_list_is_fetched_again_only_when_it_changed(
    kiosk: ServiceClient, sqlite_city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path, kiosk, sqlite_city.clock)
    first = store.refresh()
    asked: list[str] = []
    fetch = kiosk.status_list

    def counted(uri: str) -> str:
        asked.append(uri)
        return fetch(uri)

    monkeypatch.setattr(kiosk, "status_list", counted)
    sqlite_city.clock.advance(minutes=1)
    assert store.refresh().as_of == first.as_of + 60
    assert asked == []
    sqlite_city.card()
    sqlite_city.clock.advance(minutes=1)
    store.refresh()
    assert len(asked) == 1


def test_the_root_that_is_there_is_not_taken_from_the_service(
    kiosk: ServiceClient, sqlite_city: City, tmp_path: Path
) -> None:
    (tmp_path / "anchor.cer").write_bytes(ANOTHER_ROOT.certificate.public_bytes(Encoding.PEM))
    store = Store(tmp_path, kiosk, sqlite_city.clock)
    with pytest.raises(SuppliesRefused):
        store.refresh()
    assert store.current is None
    assert not (tmp_path / "package.json").exists()


def root(city: City) -> Any:
    return city.services.authority.root


def test_a_package_for_another_kiosk_is_refused(kept: dict[str, Any], sqlite_city: City) -> None:
    with pytest.raises(SuppliesRefused, match="another kiosk"):
        check_package(kept["package"], root(sqlite_city), "kiosk-2")


def test_a_package_below_another_root_is_refused(kept: dict[str, Any]) -> None:
    with pytest.raises(SuppliesRefused):
        check_package(kept["package"], ANOTHER_ROOT.certificate, "kiosk-1")


def test_a_package_by_another_key_is_refused(kept: dict[str, Any], sqlite_city: City) -> None:
    """Somebody puts the service's certificates beside a signature of their own."""
    token = jose.parse_certified(kept["package"], typ=PACKAGE_TYP, max_length=1 << 17)
    mine = ECKey.generate_key("P-256")
    forged = jose.sign(token.token.claims, mine, typ=PACKAGE_TYP, certificates=token.certificates)
    with pytest.raises(SuppliesRefused):
        check_package(forged, root(sqlite_city), "kiosk-1")


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_a_package_of_which_a_letter_was_changed_is_refused(
    kept: dict[str, Any], sqlite_city: City, place: int
) -> None:
    package = kept["package"]
    at = place * len(package) // 100
    changed = package[:at] + ("A" if package[at] != "A" else "B") + package[at + 1 :]
    with pytest.raises(SuppliesRefused):
        check_package(changed, root(sqlite_city), "kiosk-1")


def test_another_status_list_than_the_package_names_is_refused(kept: dict[str, Any], sqlite_city: City) -> None:
    ((uri, token),) = kept["lists"].items()
    for lists in ({uri: token + "A"}, {uri: ""}, {}):
        with pytest.raises(SuppliesRefused):
            check({**kept, "lists": lists}, root(sqlite_city), "kiosk-1")


@pytest.mark.parametrize("content", [None, [], {}, {"package": 1, "lists": {}, "fetched_at": 0}])
def test_what_is_no_package_is_refused(sqlite_city: City, content: Any) -> None:
    with pytest.raises(SuppliesRefused):
        check(content, root(sqlite_city), "kiosk-1")


def test_a_card_is_judged_by_its_place(
    kiosk: ServiceClient, sqlite_city: City, service_card: PersonalisedCard, tmp_path: Path
) -> None:
    """It was never put into force."""
    supplies = Store(tmp_path, kiosk, sqlite_city.clock).refresh()
    certificate = service_card.certificates[KeyReference.CARD_AUTHENTICATION]
    reference = StatusReference.of_certificate(certificate)
    assert reference is not None
    assert supplies.statuses[reference.uri][reference.index] == CardStatus.SUSPENDED
    with pytest.raises(CardRefusedOffline) as refused:
        check_status(certificate, supplies)
    assert (refused.value.code, refused.value.state) == ("card-not-active", "held")


def test_a_certificate_without_a_place_is_refused(kiosk: ServiceClient, sqlite_city: City, tmp_path: Path) -> None:
    supplies = Store(tmp_path, kiosk, sqlite_city.clock).refresh()
    with pytest.raises(CardRefusedOffline) as refused:
        check_status(root(sqlite_city), supplies)
    assert refused.value.code == "certificate-refused"


def test_a_root_may_be_pem_or_der() -> None:
    for encoding in (Encoding.PEM, Encoding.DER):
        assert load_certificate(ANOTHER_ROOT.certificate.public_bytes(encoding)) == ANOTHER_ROOT.certificate
