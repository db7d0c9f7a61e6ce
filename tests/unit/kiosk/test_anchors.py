"""Whom the kiosk believes."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk.anchors import ANCHOR, CityTrust, city_root
from tests.fixtures.authorities import Entity

ROOT, OTHER = Entity.root(), Entity.root("Other")
ISSUERS = [ROOT.authority("One"), ROOT.authority("Two")]


class Service:
    """Says who the root is, until it says somebody else."""

    def __init__(self) -> None:
        self.root = ROOT
        self.asked = 0

    def root_certificate(self) -> bytes:
        self.asked += 1
        return self.root.certificate.public_bytes(Encoding.DER)

    def issuer_certificates(self) -> list[bytes]:
        return [one.certificate.public_bytes(Encoding.DER) for one in ISSUERS]


@pytest.mark.parametrize("kept", [True, False])
def test_the_root_is_taken_once_and_the_issuers_every_time(tmp_path: Path, *, kept: bool) -> None:
    service = Service()
    trust = CityTrust(service, tmp_path if kept else None)
    first = trust.now()
    service.root = OTHER
    assert trust.now() == first
    assert (list(first.anchors), list(first.intermediates)) == (
        [ROOT.certificate],
        [one.certificate for one in ISSUERS],
    )
    assert service.asked == 1
    assert (tmp_path / ANCHOR).exists() is kept


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_root_that_was_put_there_is_never_asked_for(tmp_path: Path, encoding: Encoding) -> None:
    service = Service()
    (tmp_path / ANCHOR).write_bytes(OTHER.certificate.public_bytes(encoding))
    assert city_root(tmp_path, service) == OTHER.certificate
    assert service.asked == 0


def test_what_is_no_certificate_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()
    monkeypatch.setattr(service, "root_certificate", lambda: b"no certificate")
    with pytest.raises(ValueError, match="parsing"):
        city_root(tmp_path, service)
    assert not (tmp_path / ANCHOR).exists()
