"""Founding a city: keys, certificate authority, database, officers, departments; then its processes.

Everything lives in one folder and is done with the programs a city would use, as separate processes.
"""

from __future__ import annotations

import os
import secrets
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cardsvc.client import ServiceClient, load_key
from kiosk.city.processes import ChildProcess, python, run
from kiosk.city.stage import Place, Stage

FOUNDING_OFFICERS: Final = ("ana", "bo")
KIOSK: Final = "kiosk-1"
KIOSK_TITLE: Final = "Town hall, ground floor"
DESK: Final = "desk-1"

POLICY_FOLDER: Final = Path(__file__).parent / "policies"
"""What each department may learn for each of its services: a file for each, as `cardsvc department add` takes it."""

TITLES: Final = {
    "finance": "Finance",
    "medical-insurance": "Medical Insurance",
    "social-insurance": "Social Insurance",
    "education": "Education",
    "real-estate": "Real Estate",
    "environment": "Environment",
    "community": "Community",
    "public-security": "Public Security",
}
"""The departments of the city, and what they are called."""
GIVE_PAPERS: Final = frozenset({"education", "public-security", "social-insurance", "real-estate"})
"""Those whose seals the city certifies."""
SMALL_CITY: Final = ("medical-insurance", "education", "finance")
"""Enough for the story that `make demo` tells."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the parts of a city are."""

    folder: Path
    service_port: int
    department_ports: Mapping[str, int]
    kiosk_port: int
    database_url: str = ""
    """The card database; the embedded one in the folder when empty."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """More settings of the card service."""
    tls_root: Path | None = None
    """The authority of the card service's certificate (PEM), where it serves HTTPS."""
    serving: Sequence[str] = ()
    """More options of `cardsvc serve`."""
    enrols_kiosk: bool = False
    """Whether the kiosk is enrolled once the service is open (`enrol_kiosk`). Else the founding gives it a key, for
    those who speak to the service as the kiosk, too."""

    @classmethod
    def for_folder(cls, folder: Path, kiosk_port: int | None = None, departments: Sequence[str] = SMALL_CITY) -> Plan:
        """Choose free ports. ``kiosk_port`` is wished for, and taken only when it is free."""
        ports = free_ports(2 + len(departments), wished=kiosk_port)
        return cls(folder, ports[1], dict(zip(departments, ports[2:], strict=True)), ports[0])

    @property
    def service_url(self) -> str:
        """Where the card service answers; also its issuer name."""
        return f"{'http' if self.tls_root is None else 'https'}://127.0.0.1:{self.service_port}"

    def department_url(self, code: str) -> str:
        """Where a department answers."""
        return f"http://127.0.0.1:{self.department_ports[code]}"

    @property
    def database(self) -> Path:
        """The embedded card database."""
        return self.folder / "cardsvc.sqlite"

    def department_data(self, code: str) -> Path:
        """The folder of a department's own database."""
        return self.folder / code

    def private_key(self, client_id: str) -> Path:
        """The private key of a caller."""
        return self.folder / f"{client_id}.jwk"

    def public_key(self, client_id: str) -> Path:
        """Its public half."""
        return self.folder / f"{client_id}.pub.jwk"

    def seal(self, code: str) -> tuple[Path, Path]:
        """The key of a department's seal, and its certificates."""
        return self.folder / f"{code}.seal.key.pem", self.folder / f"{code}.seal.pem"

    @property
    def root_certificate(self) -> Path:
        """The root CA's certificate, PEM."""
        return self.folder / "root-ca.pem"

    @property
    def issuing_certificate(self) -> Path:
        """The issuing CA's certificate, PEM."""
        return self.folder / "keystore" / "issuing-ca.pem"

    @property
    def kiosk_state(self) -> Path:
        """The folder of a kiosk that is enrolled."""
        return self.folder / "kiosk"

    @property
    def printed(self) -> Path:
        """Where the kiosk's papers and receipts go, in the place of a printer."""
        return self.folder / "printed"

    @property
    def kiosk_identity(self) -> tuple[str, ...]:
        """Options that say who the kiosk is."""
        if self.enrols_kiosk:
            return (f"--state={self.kiosk_state}",)
        return f"--service={self.service_url}", f"--client-id={KIOSK}", f"--key={self.private_key(KIOSK)}"

    @property
    def department_options(self) -> tuple[str, ...]:
        """Options that say where the departments are."""
        return _department_options({code: self.department_url(code) for code in self.department_ports})

    @property
    def kiosk_link(self) -> str:
        """The link that opens the kiosk's screen; it works once."""
        return (self.folder / "kiosk.link").read_text().strip()

    @property
    def environment(self) -> dict[str, str]:
        """Settings of the card service."""
        return {
            "CARDSVC_DATABASE_URL": self.database_url or f"sqlite:///{self.database}",
            "CARDSVC_ISSUER": self.service_url,
            "CARDSVC_KEYSTORE_DIR": str(self.folder / "keystore"),
            "CARDSVC_KEYSTORE_PASSPHRASE_FILE": str(self.folder / "keystore.passphrase"),
            "CARDSVC_SIGN_WITH_ASSERTED_KEYS": "true",  # the cards of this city are software: nobody attests their keys
            **self.settings,
        }

    def caller(self, client_id: str, visit_token: str | None = None) -> ServiceClient:
        """The card service, called by an officer, the desk or a kiosk with that caller's own key.

        With the ``visit_token`` of an officer's card, the desk calls in the officer's name.
        """
        tls = None if self.tls_root is None else ssl.create_default_context(cafile=self.tls_root)
        key = load_key(self.private_key(client_id))
        return ServiceClient(self.service_url, client_id, key, tls=tls, visit_token=visit_token)


def found(plan: Plan) -> None:
    """Make keys, hold the founding ceremony, register kiosk, desk and the plan's departments. Raises ProcessFailed."""
    _write_secret(plan.folder / "keystore.passphrase", secrets.token_urlsafe(32))
    stations = [("desk", DESK, "Town hall, desk 1")]
    if not plan.enrols_kiosk:
        stations.append(("kiosk", KIOSK, KIOSK_TITLE))
    callers = (*FOUNDING_OFFICERS, *(client_id for _, client_id, _ in stations), *plan.department_ports)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as hands:
        list(hands.map(lambda caller: _make_key(plan, caller), callers))
    officers = [f"--officer={name}={plan.public_key(name)}" for name in FOUNDING_OFFICERS]
    _cardsvc(plan, "init", *officers, "--witness=city-notary", f"--ca-out={plan.root_certificate}")
    for kind, client_id, title in stations:
        _cardsvc(plan, "caller", "add", f"--kind={kind}", f"--client-id={client_id}", f"--title={title}",
                 f"--jwk={plan.public_key(client_id)}")  # fmt: skip
    for code in plan.department_ports:
        _add_department(plan, code)


@contextmanager
def open_service(plan: Plan) -> Iterator[ChildProcess]:
    """Start the card service alone."""
    command = python("cardsvc.cli", "serve", f"--port={plan.service_port}", *plan.serving)
    with _child(plan, "service", command, plan.environment) as process:
        process.wait_for("listening on ")
        yield process


@contextmanager
def open_offices(plan: Plan) -> Iterator[dict[str, ChildProcess]]:
    """Start the card service and every department; they are stopped at the end of the block."""
    with ExitStack() as stack:
        processes = {"service": stack.enter_context(open_service(plan))}
        for code in plan.department_ports:
            processes[code] = stack.enter_context(_department(plan, code))
        for code in plan.department_ports:
            processes[code].wait_for("listening on ")
        yield processes


@contextmanager
def open_department(plan: Plan, code: str) -> Iterator[ChildProcess]:
    """Start one department alone."""
    with _department(plan, code) as process:
        process.wait_for("listening on ")
        yield process


@contextmanager
def open_kiosk(plan: Plan, stage: Stage, addresses: Mapping[str, str] | None = None) -> Iterator[ChildProcess]:
    """Start the kiosk on the stage's two readers. ``addresses`` are of departments that are not the plan's own."""
    plan.printed.mkdir(mode=0o700, exist_ok=True)
    command = python(
        "kiosk.cli", "run", *plan.kiosk_identity, f"--port={plan.kiosk_port}", f"--print-to={plan.printed}",
        f"--contactless={stage.reader_name(Place.CONTACTLESS)}", f"--contact={stage.reader_name(Place.CONTACT)}",
        f"--ready-file={plan.folder / 'kiosk.link'}", f"--offline={plan.folder / 'kiosk.offline'}",
        *(_department_options(addresses) if addresses else plan.department_options),
    )  # fmt: skip
    with _child(plan, "kiosk", command, stage.environment) as process:
        process.wait_for("listening on ")
        yield process


def _department_options(addresses: Mapping[str, str]) -> tuple[str, ...]:
    # With its code: an address without one may be whatever department it says it is.
    return tuple(f"--department={code}={address}" for code, address in addresses.items())


def _add_department(plan: Plan, code: str) -> None:
    _cardsvc(plan, "department", "add", f"--code={code}", f"--title={TITLES[code]}",
             f"--jwk={plan.public_key(code)}", f"--policy={POLICY_FOLDER / code}.json")  # fmt: skip
    if code in GIVE_PAPERS:
        key, certificate = plan.seal(code)
        request = certificate.with_suffix(".csr.pem")
        run("seal-key", python("kiosk.cli", "departments", "seal-key", f"--out={key}", f"--csr={request}"), {})
        _cardsvc(plan, "department", "seal", code, f"--csr={request}", f"--out={certificate}")


def _department(plan: Plan, code: str) -> ChildProcess:
    plan.department_data(code).mkdir(exist_ok=True)
    command = python("kiosk.cli", "departments", "serve", code, f"--port={plan.department_ports[code]}",
                     f"--service={plan.service_url}", f"--issuer={plan.service_url}",
                     f"--key={plan.private_key(code)}", f"--data={plan.department_data(code)}",
                     f"--root={plan.root_certificate}",
                     *_seal_options(plan, code))  # fmt: skip
    return _child(plan, code, command, {})


def _seal_options(plan: Plan, code: str) -> tuple[str, ...]:
    if code not in GIVE_PAPERS:
        return ()
    key, certificate = plan.seal(code)
    return (f"--seal-key={key}", f"--seal-certificates={certificate}", f"--public-url={plan.department_url(code)}")


def _child(plan: Plan, name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> ChildProcess:
    return ChildProcess(name, command, environment, plan.folder / f"{name}.log")


def _make_key(plan: Plan, caller: str) -> None:
    plan.public_key(caller).write_text(_cardsvc(plan, "keygen", "--out", str(plan.private_key(caller))))


def _cardsvc(plan: Plan, *arguments: str) -> str:
    return run(f"cardsvc {arguments[0]}", python("cardsvc.cli", *arguments), plan.environment)


def _write_secret(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def free_ports(count: int, wished: int | None = None) -> list[int]:
    """Ports that are free now; the first is the wished one if it is free. All are held until all are chosen."""
    with ExitStack() as held:
        ports: list[int] = []
        for index in range(count):
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", wished if wished and not index else 0))
            except OSError:
                listener.bind(("127.0.0.1", 0))
            ports.append(listener.getsockname()[1])
        return ports
