"""Independent programs with every product that our software card can be: a whole personalisation, and a whole use."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key

from readers.piv.identifiers import CERTIFICATE_OBJECTS, KeyReference, ObjectId
from readers.piv.objects import CertificateObject
from readers.piv.personalising import KEYS
from readers.piv.pin import Pin
from readers.piv.products import recognise
from readers.piv.session import PivSession as OurSession
from readers.virtual import attesting
from readers.virtual.card import VirtualCard
from readers.virtual.loopback import LoopbackReader, put_on
from readers.virtual.pcscd import CONTACT_READER, PrivatePcscd
from readers.virtual.profiles import (
    OPENFIPS201_LIKE,
    PIVAPPLET_LIKE,
    STRICT,
    YUBICO_5_7_LIKE,
    YUBICO_LIKE,
    CardProfile,
)
from tests.fixtures.cards import Authority, PersonalisedCard, personalise
from tests.fixtures.issuers import CARD_UUID, TestIssuer, contents
from tests.fixtures.parts import is_there

pytestmark = pytest.mark.needs("pcscd", "vpcd")

if is_there("yubikey-manager") and is_there("pyscard"):
    from smartcard.System import readers as pcsc_readers
    from ykman.pcsc import ScardSmartCardConnection
    from yubikit.core import TRANSPORT
    from yubikit.core.smartcard import ApduError
    from yubikit.piv import KEY_TYPE, MANAGEMENT_KEY_TYPE, OBJECT_ID, PIN_POLICY, SLOT, PivSession

Run = Callable[..., subprocess.CompletedProcess[str]]
MESSAGE = b"signed by a stranger"
EXTENDED = pytest.mark.parametrize(
    "profile", [YUBICO_LIKE, YUBICO_5_7_LIKE, PIVAPPLET_LIKE], ids=lambda profile: profile.name
)
"""Products that yubikit can use: it begins with GET VERSION."""
WITH_3DES = pytest.mark.parametrize("profile", [STRICT, YUBICO_LIKE, PIVAPPLET_LIKE], ids=lambda profile: profile.name)
"""Products that yubico-piv-tool can personalise: Debian's knows no AES key from the factory."""
EVERY = pytest.mark.parametrize(
    "profile", [STRICT, YUBICO_LIKE, PIVAPPLET_LIKE, OPENFIPS201_LIKE], ids=lambda profile: profile.name
)
PKCS11_ID = {
    KeyReference.PIV_AUTHENTICATION: "01",
    KeyReference.DIGITAL_SIGNATURE: "02",
    KeyReference.CARD_AUTHENTICATION: "04",
}
TOOL = ("yubico-piv-tool", "--reader", CONTACT_READER)


@contextmanager
def blank(pcscd: PrivatePcscd, folder: Path, profile: CardProfile) -> Iterator[Path]:
    """A card of that product, fresh from the factory, in the contact reader."""
    file = folder / "blank.json"
    VirtualCard(file, profile=profile).close()
    with pcscd.put_on(file):
        yield file


def verify(certificate: x509.Certificate, signature: bytes) -> None:
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))


@pytest.mark.needs("opensc")
class TestOpenSc:
    """OpenSC has no way to personalise without a proprietary tool of its own; it uses what we issue."""

    @EVERY
    def test_uses_every_product(
        self, run: Run, pkcs11_module: str, tmp_path: Path, private_pcscd: PrivatePcscd, profile: CardProfile
    ) -> None:
        card = issued(tmp_path / "card.json", profile)
        (tmp_path / "digest").write_bytes(hashlib.sha256(MESSAGE).digest())
        with private_pcscd.put_on(card.state_file):
            assert run("piv-tool", "-n").stdout.strip().startswith("Personal Identity Verification Card")
            for key, number in PKCS11_ID.items():
                pem = run("pkcs15-tool", "--read-certificate", number).stdout
                assert x509.load_pem_x509_certificate(pem.encode()) == card.certificates[key]
                run(
                    *("pkcs11-tool", "--module", pkcs11_module, "--login", "--pin", card.pin),
                    *("--sign", "--mechanism", "ECDSA", "--id", number, "--signature-format", "openssl"),
                    *("--input-file", "digest", "--output-file", "signature"),
                )
                card.verify(key, (tmp_path / "signature").read_bytes(), MESSAGE)


def issued(file: Path, profile: CardProfile) -> PersonalisedCard:
    """A finished card of that product."""
    return personalise(file, profile)


@pytest.mark.needs("yubico-piv-tool")
class TestYubicoPivTool:
    @WITH_3DES
    def test_a_whole_personalisation_and_use(
        self, run: Run, tmp_path: Path, private_pcscd: PrivatePcscd, profile: CardProfile
    ) -> None:
        authority = Authority()
        with blank(private_pcscd, tmp_path, profile):
            for slot in ("9a", "9c", "9e"):
                run(*TOOL, "-a", "generate", "-s", slot, "-A", "ECCP256", "-o", f"{slot}.pub")
                public = load_pem_public_key((tmp_path / f"{slot}.pub").read_bytes())
                assert isinstance(public, ec.EllipticCurvePublicKey)
                certificate = authority.issue(f"a card {slot}", public)
                (tmp_path / f"{slot}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
                run(*TOOL, "-a", "import-certificate", "-s", slot, "-i", f"{slot}.pem")
            run(*TOOL, "-a", "set-chuid", "-a", "set-ccc")
            run(*TOOL, "-a", "change-pin", "-P", "123456", "-N", "864209")
            run(*TOOL, "-a", "change-puk", "-P", "12345678", "-N", "87654321")
            done = run(
                *(*TOOL, "-a", "verify-pin", "-P", "864209", "-a", "test-signature", "-s", "9a", "-i", "9a.pem"),
            )
            assert "Successful ECDSA verification." in done.stderr
            self.block_and_unblock(run, tmp_path, profile)
            status = run(*TOOL, "-a", "status").stdout
        assert status.count("CN=a card") == 3
        assert f"PIN tries left:\t{profile.pin_tries}" in status

    def block_and_unblock(self, run: Run, folder: Path, profile: CardProfile) -> None:
        for _ in range(profile.pin_tries):
            wrong = subprocess.run((*TOOL, "-a", "verify-pin", "-P", "000000"), cwd=folder, check=False)
            assert wrong.returncode != 0
        run(*TOOL, "-a", "unblock-pin", "-P", "87654321", "-N", "975310")
        run(*TOOL, "-a", "verify-pin", "-P", "975310")

    @pytest.mark.parametrize("profile", [YUBICO_LIKE, PIVAPPLET_LIKE], ids=lambda profile: profile.name)
    def test_attestation(self, run: Run, tmp_path: Path, private_pcscd: PrivatePcscd, profile: CardProfile) -> None:
        """It reads what the card attests; openssl agrees that F9 signed it, where F9 is a CA at all."""
        with blank(private_pcscd, tmp_path, profile):
            run(*TOOL, "-a", "generate", "-s", "9a", "-A", "ECCP256", "-o", "9a.pub")
            run(*TOOL, "-a", "attest", "-s", "9a", "-o", "statement.pem")
            run(*TOOL, "-a", "read-certificate", "-s", "f9", "-o", "attester.pem")
        statement, attester = (
            x509.load_pem_x509_certificate((tmp_path / name).read_bytes()) for name in ("statement.pem", "attester.pem")
        )
        assert statement.public_key() == load_pem_public_key((tmp_path / "9a.pub").read_bytes())
        statement.verify_directly_issued_by(attester)
        if profile.attestation_rooted:
            (tmp_path / "root.pem").write_bytes(attesting.root().public_bytes(Encoding.PEM))
            done = run("openssl", "verify", "-CAfile", "root.pem", "-untrusted", "attester.pem", "statement.pem")
            assert "OK" in done.stdout

    def test_a_key_made_elsewhere(self, run: Run, tmp_path: Path, private_pcscd: PrivatePcscd) -> None:
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem")
        run("openssl", "req", "-x509", "-key", "key.pem", "-subj", "/CN=imported", "-days", "2", "-out", "9a.pem")
        with blank(private_pcscd, tmp_path, YUBICO_LIKE):
            run(*TOOL, "-a", "import-key", "-s", "9a", "-i", "key.pem")
            run(*TOOL, "-a", "import-certificate", "-s", "9a", "-i", "9a.pem")
            done = run(*TOOL, "-a", "verify-pin", "-P", "123456", "-a", "test-signature", "-s", "9a", "-i", "9a.pem")
            refused = subprocess.run(
                (*TOOL, "-a", "attest", "-s", "9a"), cwd=tmp_path, capture_output=True, check=False
            )
        assert "Successful ECDSA verification." in done.stderr
        assert refused.returncode != 0, "it was not made on the card"

    @EVERY
    def test_it_uses_every_product(
        self, run: Run, tmp_path: Path, private_pcscd: PrivatePcscd, profile: CardProfile
    ) -> None:
        card = issued(tmp_path / "card.json", profile)
        certificate = card.certificates[KeyReference.PIV_AUTHENTICATION]
        (tmp_path / "9a.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        with private_pcscd.put_on(card.state_file):
            assert run(*TOOL, "-a", "status").stdout.count(f"CN={card.uuid}") == 3
            run(*TOOL, "-a", "change-pin", "-P", card.pin, "-N", "975310")
            run(*TOOL, "-a", "unblock-pin", "-P", card.puk, "-N", card.pin)
            done = run(*TOOL, "-a", "verify-pin", "-P", card.pin, "-a", "test-signature", "-s", "9a", "-i", "9a.pem")
        assert "Successful ECDSA verification." in done.stderr


@pytest.mark.needs("yubikey-manager", "pyscard")
class TestYubikit:
    @contextmanager
    def session(self, profile: CardProfile) -> Iterator[PivSession]:
        """It sends extended APDUs, unless it takes the reader for one that goes through the air."""
        (found,) = (known for known in pcsc_readers() if known.name == CONTACT_READER)
        connection = ScardSmartCardConnection(found.createConnection())
        if not profile.takes_extended:
            connection._transport = TRANSPORT.NFC
        try:
            yield PivSession(connection)
        finally:
            connection.close()

    @pytest.fixture
    def slots(self) -> dict[KeyReference, SLOT]:
        return {key: SLOT(int(key)) for key in KEYS}

    @EXTENDED
    def test_a_whole_personalisation(
        self,
        tmp_path: Path,
        private_pcscd: PrivatePcscd,
        slots: dict[KeyReference, SLOT],
        profile: CardProfile,
    ) -> None:
        """And what it made is read, checked and used by us."""
        issuer, plan, new_key = TestIssuer(), contents(), bytes(range(32))
        with blank(private_pcscd, tmp_path, profile) as file, self.session(profile) as session:
            session.authenticate(bytes(range(1, 9)) * 3)
            session.verify_pin("123456")
            session.set_pin_attempts(6, 4)
            session.change_puk("12345678", "87654321")
            session.change_pin("123456", "864209")
            certificates = {}
            for key, slot in slots.items():
                public = session.generate_key(slot, KEY_TYPE.ECCP256)
                assert isinstance(public, ec.EllipticCurvePublicKey)
                assert session.attest_key(slot).public_key() == public
                certificates[key] = issuer.certify(key, public)
                session.put_certificate(slot, certificates[key])
            session.put_object(OBJECT_ID.CAPABILITY, plan.ccc)
            session.put_object(OBJECT_ID.SECURITY, issuer.vouch({ObjectId.CCC: plan.ccc}))
            session.set_management_key(MANAGEMENT_KEY_TYPE.AES256, new_key)
            session.put_object(OBJECT_ID.CHUID, plan.chuid)
            session.authenticate(new_key)
        self.used_by_us(file, certificates)

    def used_by_us(self, file: Path, certificates: dict[KeyReference, x509.Certificate]) -> None:
        slot = file.with_suffix(".slot")
        put_on(slot, file)
        with LoopbackReader(slot).connect() as connection:
            session = OurSession.open(connection)
            assert recognise(session).sets_management_key
            assert session.read_chuid().guid == CARD_UUID
            assert session.pin_tries_left() == 6
            for key, certificate in certificates.items():
                assert (
                    CertificateObject.from_bytes(session.read_object(CERTIFICATE_OBJECTS[key])).certificate
                    == certificate
                )
                session.verify_pin(Pin("864209"))
                verify(certificate, session.sign_digest(key, hashlib.sha256(MESSAGE).digest()))

    @EXTENDED
    def test_a_whole_use(
        self,
        tmp_path: Path,
        private_pcscd: PrivatePcscd,
        slots: dict[KeyReference, SLOT],
        profile: CardProfile,
    ) -> None:
        """Of a card that we issued."""
        card = issued(tmp_path / "card.json", profile)
        with private_pcscd.put_on(card.state_file), self.session(profile) as session:
            assert card.uuid.bytes in session.get_object(OBJECT_ID.CHUID)
            for key, slot in slots.items():
                assert session.get_certificate(slot) == card.certificates[key]
                assert session.get_slot_metadata(slot).key_type is KEY_TYPE.ECCP256
                session.verify_pin(card.pin)
                card.verify(key, session.sign(slot, KEY_TYPE.ECCP256, MESSAGE, hashes.SHA256()), MESSAGE)
            peer = ec.generate_private_key(ec.SECP256R1())
            session.verify_pin(card.pin)
            own = card.certificates[KeyReference.PIV_AUTHENTICATION].public_key()
            assert isinstance(own, ec.EllipticCurvePublicKey)
            shared = session.calculate_secret(SLOT.AUTHENTICATION, peer.public_key())
            assert shared == peer.exchange(ec.ECDH(), own)
            session.change_pin(card.pin, "975310")
            session.unblock_pin(card.puk, card.pin)
            assert session.get_pin_attempts() == profile.pin_tries

    def test_imports_and_policies(self, tmp_path: Path, private_pcscd: PrivatePcscd) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        with blank(private_pcscd, tmp_path, YUBICO_LIKE), self.session(YUBICO_LIKE) as session:
            session.authenticate(bytes(range(1, 9)) * 3)
            session.put_key(SLOT.AUTHENTICATION, key, PIN_POLICY.NEVER)
            assert session.get_slot_metadata(SLOT.AUTHENTICATION).pin_policy is PIN_POLICY.NEVER
            assert not session.get_slot_metadata(SLOT.AUTHENTICATION).generated
            with pytest.raises(ApduError):
                session.attest_key(SLOT.AUTHENTICATION)
            signature = session.sign(SLOT.AUTHENTICATION, KEY_TYPE.ECCP256, MESSAGE, hashes.SHA256())
        key.public_key().verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))

    @EXTENDED
    def test_reset(self, tmp_path: Path, private_pcscd: PrivatePcscd, profile: CardProfile) -> None:
        card = issued(tmp_path / "card.json", profile)
        with private_pcscd.put_on(card.state_file), self.session(profile) as session:
            session.reset()
            session.authenticate(bytes(range(1, 9)) * 3)
            session.verify_pin("123456")
            with pytest.raises(ApduError):
                session.get_certificate(SLOT.AUTHENTICATION)

    @pytest.mark.parametrize("profile", [STRICT, OPENFIPS201_LIKE], ids=lambda profile: profile.name)
    def test_as_far_as_it_goes_without_extensions(
        self, tmp_path: Path, private_pcscd: PrivatePcscd, profile: CardProfile
    ) -> None:
        """Nowhere: its session begins with GET VERSION."""
        card = issued(tmp_path / "card.json", profile)
        with private_pcscd.put_on(card.state_file), pytest.raises(ApduError) as refusal, self.session(profile):
            pass
        assert re.fullmatch(r".*6[dD]00.*", str(refusal.value))
