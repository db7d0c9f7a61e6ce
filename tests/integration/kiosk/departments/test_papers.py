"""Papers that departments give out: read with programs that we did not write, and checked on their public page."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select, update

from kiosk.departments.contract.papers.models import IssuedPaper
from kiosk.departments.contract.papers.seal import Seal
from tests.fixtures.departments import Counter
from tests.fixtures.seals import city, write_seal

PERSON = {"name": "陈嘉欣", "document_number": "M1234567"}
STRANGER = {"name": "Nobody Known", "document_number": "X0000001"}


def ask(counter: Counter, code: str, entered: dict[str, str], person: dict[str, str]) -> httpx.Response:
    return counter.ask(code, entered, acr="pin", attributes=person)


def paper_of(response: httpx.Response) -> bytes:
    document = response.json()["document"]
    assert document["media_type"] == "application/pdf"
    return base64.b64decode(document["content"])


def text_of(pdf: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()


def parts_of(pdf: bytes) -> tuple[bytes, bytes]:
    """What the signature covers, and the signature (ISO 32000-2 §12.8.1)."""
    found = re.search(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
    assert found is not None
    start, first, then, last = map(int, found.groups())
    assert (start, then + last) == (0, len(pdf)), "the signature covers the whole file"
    contents = pdf[first + 1 : then - 1]
    return pdf[:first] + pdf[then:], bytes.fromhex(contents.decode())


def check_with_openssl(pdf: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    covered, padded = parts_of(pdf)
    signature = cms.ContentInfo.load(padded).dump()  # without the zeros that fill its place
    (folder / "covered").write_bytes(covered)
    (folder / "signature.der").write_bytes(signature)
    (folder / "root.pem").write_bytes(city()[0].certificate.public_bytes(Encoding.PEM))
    return subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "signature.der", "-content", "covered",
         "-CAfile", "root.pem", "-purpose", "any", "-out", "verified"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def proof(registry: Counter) -> bytes:
    return paper_of(ask(registry, "home-proof", {}, PERSON))


def test_a_home_proof_says_what_the_register_has(registry: Counter, proof: bytes) -> None:
    said = text_of(proof)

    assert "房屋所有权证明" in said
    assert "陈嘉欣" in said
    assert "横琴港澳大道868号1栋1204" in said
    assert "荣澳道" not in said, "somebody else's home"


def test_whoever_owns_nothing_gets_that_in_writing(registry: Counter) -> None:
    response = ask(registry, "home-proof", {}, STRANGER)

    assert response.json()["title"]["en"] == "Proof of owning no home"
    assert "无房证明" in text_of(paper_of(response))


def test_without_a_name_there_is_no_paper(registry: Counter) -> None:
    problem = registry.refused("home-proof", {}, acr="pin", attributes={"document_number": "M1234567"})

    assert (problem["type"], problem["attribute"]) == ("attribute-needed", "name")


@pytest.mark.parametrize(
    ("period", "months", "total"),
    [("this-year", "10", "CNY 26,880.00"), ("last-year", "12", "CNY 32,256.00"), ("all", "44", "CNY 112,224.00")],
)
def test_contributions_add_up(insurance: Counter, period: str, months: str, total: str) -> None:
    """24 percent of the wage: 9,800 for 18 months, then 11,200."""
    insurance.clock.forward(days=250)
    response = ask(insurance, "contribution-certificate", {"period": period}, PERSON)

    assert [field["value"] for field in response.json()["fields"]] == [total, months]
    assert total in text_of(paper_of(response))


def test_nothing_paid_in_is_a_no(insurance: Counter) -> None:
    problem = insurance.refused("contribution-certificate", {"period": "all"}, acr="pin", attributes=STRANGER)
    assert problem["type"] == "nothing-paid-in"


def test_an_enrolment_proof_says_what_the_register_has(library: Counter) -> None:
    response = ask(library, "enrolment-proof", {}, PERSON)

    assert [field["value"] for field in response.json()["fields"]][2:] == ["2025-09-01", "2027-07-15"]
    said = text_of(paper_of(response))
    assert "在读证明" in said
    assert "葡萄牙语夜校" in said
    assert "普通话初级班" not in said, "somebody else's course"


@pytest.mark.parametrize("person", [STRANGER, {"name": "Ana Sousa", "document_number": "H7654321"}])
def test_whoever_is_enrolled_nowhere_today_gets_no_proof(library: Counter, person: dict[str, str]) -> None:
    """The second one's course ended in July 2025."""
    problem = library.refused("enrolment-proof", {}, acr="pin", attributes=person)
    assert problem["type"] == "not-enrolled"


def test_an_enrolment_proof_needs_the_pin(library: Counter) -> None:
    assert library.refused("enrolment-proof", {}, attributes=PERSON)["type"] == "step-up-required"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
class TestSeal:
    def test_openssl_verifies_it_up_to_the_root(self, proof: bytes, tmp_path: Path) -> None:
        checked = check_with_openssl(proof, tmp_path)
        assert "Verification successful" in checked.stderr, checked.stderr

    @pytest.mark.parametrize("place", [0.1, 0.5])
    def test_openssl_notices_a_changed_byte(self, proof: bytes, tmp_path: Path, place: float) -> None:
        changed = bytearray(proof)
        changed[int(len(parts_of(proof)[0]) * place * 0.2)] ^= 1
        assert check_with_openssl(bytes(changed), tmp_path).returncode != 0

    def test_poppler_finds_it_valid(self, proof: bytes, tmp_path: Path) -> None:
        (tmp_path / "proof.pdf").write_bytes(proof)
        said = subprocess.run(
            ["pdfsig", "-nocert", "proof.pdf"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

        assert "Signature Validation: Signature is Valid." in said.stdout, said.stdout
        assert "Total document signed" in said.stdout
        assert "ETSI.CAdES.detached" in said.stdout


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    key, certificates = write_seal(tmp_path)
    key.chmod(0o644)
    with pytest.raises(PermissionError, match="0600"):
        Seal.load(key, certificates)


class TestPage:
    def number(self, registry: Counter) -> str:
        with registry.office.sessions() as session:
            return session.scalars(select(IssuedPaper.number)).one()

    def test_it_says_that_the_paper_is_valid_and_names_nobody(self, registry: Counter, proof: bytes) -> None:
        page = registry.http.get(f"/papers/{self.number(registry)}")

        assert page.status_code == 200
        assert "This paper is valid" in page.text
        assert "本文件有效" in page.text
        assert hashlib.sha256(proof).hexdigest() in page.text
        assert not [word for word in (*PERSON.values(), "pseudonym", "868号") if word in page.text]

    def test_the_code_on_the_paper_leads_to_it(self, registry: Counter, proof: bytes) -> None:
        address = f"http://papers.test/papers/{self.number(registry)}"

        assert address in text_of(proof)
        assert read_code(proof) == address

    def test_after_its_last_day_it_is_over(self, registry: Counter, proof: bytes) -> None:
        registry.clock.forward(days=31)
        assert "no longer valid" in registry.http.get(f"/papers/{self.number(registry)}").text

    def test_a_withdrawn_paper_is_shown_as_such(self, registry: Counter, proof: bytes) -> None:
        with registry.office.sessions.begin() as session:
            session.execute(update(IssuedPaper).values(withdrawn_at=datetime(2026, 3, 3, tzinfo=UTC)))
        assert "was withdrawn" in registry.http.get(f"/papers/{self.number(registry)}").text

    @pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("number", ["AAAA-AAAA-AAAA-AAAA-AAAA", "<script>", "%00", "x" * 4000])
    def test_an_unknown_number_is_not_found(self, registry: Counter, number: str) -> None:
        page = registry.http.get(f"/papers/{number}")

        assert page.status_code == 404
        assert "<script>alert" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]


def read_code(pdf: bytes) -> str:
    """What a scanner reads off the page."""
    image = subprocess.run(["pdftoppm", "-r", "150", "-png", "-"], input=pdf, capture_output=True, check=True).stdout
    read: Any = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-"], input=image, capture_output=True, check=True
    ).stdout
    return str(read.decode().strip())
