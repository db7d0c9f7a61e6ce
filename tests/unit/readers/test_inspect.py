from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from readers.cli import app
from readers.errors import ProtocolError
from readers.piv.dumps import read_dump, write_dump
from readers.piv.identifiers import ObjectId
from readers.piv.objects import CertificateObject
from readers.virtual.card import VirtualCard
from tests.fixtures.authorities import Entity
from tests.fixtures.cards import PIN, PersonalisedCard
from tests.fixtures.corpus.cards import CardPlan, CorpusCard, Issuer
from tests.fixtures.fake_scard import FakeScard

CONTACT = "Virtual PCD 00 00"


@dataclass(frozen=True, slots=True)
class Dumped:
    """A right card in a folder, and what to judge it with."""

    card: CorpusCard
    folder: Path
    trust: tuple[str, ...]
    crls: tuple[str, ...]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer"), "P-256")


@pytest.fixture
def dumped(issuer: Issuer, tmp_path: Path) -> Dumped:
    return dump(issuer.make(CardPlan()), tmp_path)


def dump(card: CorpusCard, tmp_path: Path) -> Dumped:
    folder, root, issuing = tmp_path / "dump", tmp_path / "root.pem", tmp_path / "issuing.der"
    folder.mkdir()
    write_dump(folder, card.objects)
    root.write_bytes(card.anchors[0].public_bytes(Encoding.PEM))
    issuing.write_bytes(card.intermediates[0].public_bytes(Encoding.DER))
    crls: list[str] = []
    for number, crl in enumerate(card.crls):
        (tmp_path / f"{number}.crl").write_bytes(crl)
        crls += ["--crl", str(tmp_path / f"{number}.crl")]
    return Dumped(card, folder, ("--trust", str(root), "--intermediate", str(issuing)), tuple(crls))


def inspect(*arguments: str, status: int = 0, typed: str | None = None) -> str:
    result = CliRunner().invoke(app, ["inspect", *arguments], input=typed, env={"COLUMNS": "160"})
    assert result.exit_code == status, f"{result.output}{result.exception!r}"
    return result.stdout


def complaint(*arguments: str) -> str:
    """What is said of wrong usage."""
    result = CliRunner().invoke(app, ["inspect", *arguments], env={"COLUMNS": "400"})
    assert result.exit_code == 2, f"{result.output}{result.exception!r}"
    return result.stderr


def inspect_json(*arguments: str, status: int = 0, typed: str | None = None) -> Any:
    return json.loads(inspect(*arguments, "--json", status=status, typed=typed))


def test_a_right_card_in_a_folder(dumped: Dumped) -> None:
    asked = ("--objects", str(dumped.folder), *dumped.trust, *dumped.crls, "--at", "2026-06-01")
    report = inspect_json(*asked)
    assert (report["verdict"], report["depth"], report["findings"]) == ("right", "full", [])
    assert report["objects"]["CHUID"]["card UUID"] == "11223344-5566-4788-99aa-bbccddeeff00"
    assert report["objects"]["CERTIFICATE_CARD_AUTHENTICATION"]["issuer"] == "CN=Issuing"
    text = inspect(*asked)
    assert "RIGHT" in text
    assert "FACIAL_IMAGE" in text


def test_a_time_at_which_it_is_not_right(dumped: Dumped) -> None:
    asked = ("--objects", str(dumped.folder), *dumped.trust, "--at", "2029-01-02T00:00:00")
    report = inspect_json(*asked, status=1)
    assert report["verdict"] == "refused"
    assert {"code": "chuid-expired", "where": "CHUID", "severity": "fault", "seen": {"expiry": "2029-01-01"}} in report[
        "findings"
    ]
    assert "chuid-expired" in inspect(*asked, status=1)


def test_without_trust_the_question_stays_open(dumped: Dumped) -> None:
    report = inspect_json("--objects", str(dumped.folder), "--at", "2026-06-01", status=6)
    assert [finding["code"] for finding in report["findings"]] == ["no-anchors"]


def test_a_faulty_card_in_a_folder(issuer: Issuer, tmp_path: Path) -> None:
    faulty = dump(issuer.make(CardPlan(altered=frozenset({ObjectId.FACIAL_IMAGE}))), tmp_path)
    report = inspect_json("--objects", str(faulty.folder), *faulty.trust, "--at", "2026-06-01", status=1)
    assert [(finding["code"], finding["where"]) for finding in report["findings"]] == [
        ("signature-wrong", "FACIAL_IMAGE")
    ]


def test_names_of_files_as_in_public_sets(dumped: Dumped, tmp_path: Path) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    names = {
        ObjectId.CHUID: "8 - CHUID Object",
        ObjectId.SECURITY_OBJECT: "2 - Security Object",
        ObjectId.FINGERPRINTS: "9 - Fingerprints",
        ObjectId.FACIAL_IMAGE: "10 - Face Object",
        ObjectId.IRIS_IMAGES: "11 - Iris",
        ObjectId.DISCOVERY: "discovery.bin",
        ObjectId.KEY_HISTORY: "key-history",
        ObjectId.RETIRED_CERTIFICATE_1: "retired-certificate-1.pem",
        ObjectId.RETIRED_CERTIFICATE_20: "5FC120",
        ObjectId.CERTIFICATE_PIV_AUTHENTICATION: "3 - ICAM_PIV_Auth_SP_800-73-4.crt",
        ObjectId.CERTIFICATE_DIGITAL_SIGNATURE: "4 - ICAM_PIV_Dig_Sig_SP_800-73-4.crt",
        ObjectId.CERTIFICATE_KEY_MANAGEMENT: "5 - ICAM_Test_Card_PIV_Key_Mgmt_SP_800-73-4.crt",
        ObjectId.CERTIFICATE_CARD_AUTHENTICATION: "6 - ICAM_PIV_Card_Auth_SP_800-73-4.crt",
    }
    (folder / "3 - ICAM_PIV_Auth_SP_800-73-4.p12").write_bytes(b"a key that is none of our business")
    for object_id, name in names.items():
        content = dumped.card.objects[object_id]
        if name.endswith((".crt", ".pem")):
            content = CertificateObject.from_bytes(content).certificate.public_bytes(Encoding.PEM)
        (folder / name).write_bytes(content)
    assert read_dump(folder) == dumped.card.objects
    assert read_dump(dumped.folder) == dumped.card.objects


def test_two_files_for_one_object(dumped: Dumped) -> None:
    (dumped.folder / "chuid").write_bytes(b"")
    with pytest.raises(ProtocolError, match="CHUID"):
        read_dump(dumped.folder)
    assert inspect_json("--objects", str(dumped.folder), status=5)["error"] == "protocol-error"


@pytest.mark.parametrize("option", ["--trust", "--intermediate", "--crl", "--objects"])
def test_files_that_are_none(tmp_path: Path, option: str) -> None:
    assert "no such file" in complaint(option, str(tmp_path / "none"))


@pytest.mark.parametrize(("option", "what"), [("--trust", "certificate"), ("--crl", "revocation list")])
def test_files_of_another_kind_are_named(tmp_path: Path, option: str, what: str) -> None:
    file = tmp_path / "poem.txt"
    for content in ("roses are red", "", "-----BEGIN CERTIFICATE-----", "0\0\0\0"):
        file.write_text(content)
        said = complaint(option, str(file))
        assert "poem.txt" in said
        assert what in said


def test_a_folder_without_an_object(tmp_path: Path) -> None:
    (tmp_path / "poem.txt").write_text("roses are red")
    assert "no file" in complaint("--objects", str(tmp_path))


def test_a_card_in_a_reader(scard: FakeScard, personalised_card: PersonalisedCard) -> None:
    card = VirtualCard(personalised_card.state_file, contactless=False)
    scard.put_on(CONTACT, card)
    shallow = inspect_json("--reader", CONTACT, status=1)
    deep = inspect_json("--reader", CONTACT, "--pin", status=1, typed=f"{PIN}\n")
    wrong = inspect_json("--reader", CONTACT, "--pin", status=5, typed="999999\n")
    inspect("--reader", CONTACT, "--pin", status=2, typed="12\n")
    scard.take_off(CONTACT)
    card.close()
    assert (shallow["depth"], shallow["keys_challenged"]) == ("tap", ["9E"])
    assert (deep["depth"], deep["keys_challenged"]) == ("full", ["9E", "9A", "9C"])
    assert wrong["error"] == "wrong-pin"
    assert {finding["code"] for finding in deep["findings"]} >= {"object-missing", "name-missing"}
    assert "key-differs" not in {finding["code"] for finding in deep["findings"]}


def test_the_pin_is_never_shown(scard: FakeScard, personalised_card: PersonalisedCard) -> None:
    card = VirtualCard(personalised_card.state_file, contactless=False)
    scard.put_on(CONTACT, card)
    result = CliRunner().invoke(app, ["inspect", "--reader", CONTACT, "--pin"], input=f"{PIN}\n")
    scard.take_off(CONTACT)
    card.close()
    assert PIN not in result.output


def test_a_card_cannot_write_on_the_terminal(tmp_path: Path) -> None:
    name = "\x1b[2J\x1b]0;yours\x07\u202eRIGHT\n"
    certificate = Entity.root(name).certificate
    (tmp_path / "pivauth.crt").write_bytes(certificate.public_bytes(Encoding.DER))
    said = inspect("--objects", str(tmp_path), status=1)
    assert "RIGHT" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    assert "\x1b" not in json.dumps(inspect_json("--objects", str(tmp_path), status=1), ensure_ascii=True)


def test_help_says_how() -> None:
    assert "Example:" in inspect("--help")
