"""What is wrong with a kiosk, and what to do about it."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from cardsvc.client import ServiceClient, ServiceProblem, ServiceUnreachable, load_key
from cardsvc.client.clock import Clock, system_clock
from kiosk.catalogue import DepartmentAddress
from kiosk.department_client import DepartmentClient, DepartmentConfused, DepartmentRefused, DepartmentUnreachable
from kiosk.fleet.state import Identity, NotEnrolled, StateFolder
from kiosk.journal import EntriesLost, EntryAltered, HeadRefused, Journal, JournalInUse
from kiosk.papers.queue import NoQueue, ask_queue
from readers.errors import ReaderError

CLOCKS_DIFFER: Final = timedelta(seconds=25)
"""The service takes nothing of a kiosk whose clock is 30 seconds off."""
OLDEST: Final = {
    "kiosk_heartbeat_age_seconds": (30, "Look whether the service can be reached, and what the kiosk's log says."),
    "kiosk_revocations_age_seconds": (30, "Look whether the service can be reached, and what the kiosk's log says."),
    "kiosk_offers_age_seconds": (300, "A department does not answer: it is named below."),
}
"""Seconds, by the kiosk's own metrics."""
BROWSERS: Final = ("chromium", "chromium-browser")
LANGUAGES: Final = ("en", "zh-cn", "pt")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    about: str
    found: str
    advice: str = ""
    """What to do; empty where all is well."""

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to do."""
        return not self.advice


@dataclass(frozen=True, slots=True)
class Examined:
    """The kiosk that is looked at."""

    state: Path
    departments: tuple[DepartmentAddress, ...] = ()
    """Those of the plan, unless given."""
    readers: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    """What finds each, by role."""
    offline: Path | None = None
    """The folder of the journal."""
    port: int | None = None
    """Of the screen, where a kiosk runs."""
    printer: str | None = None
    """Its queue of CUPS."""
    clock: Clock = system_clock


def examine(kiosk: Examined) -> Iterator[Finding]:
    """Everything, in the order in which one thing needs the other."""
    folder = StateFolder(kiosk.state)
    yield from _examine_readers(kiosk)
    yield from _examine_screen()
    if kiosk.printer is not None:
        yield _examine_printer(kiosk.printer)
    if kiosk.port is not None:
        yield from _examine_process(kiosk.port)
    try:
        who = folder.identity
    except NotEnrolled as error:
        yield Finding("enrolment", str(error), "Have a code made (`cardsvc kiosk add`) and run `kiosk enrol`.")
        return
    yield Finding("enrolment", f"{who.client_id} at {who.service}")
    if kiosk.offline is not None:
        yield _examine_journal(kiosk.offline, who.client_id)
    yield from _examine_service(kiosk, who, folder)


def _examine_readers(kiosk: Examined) -> Iterator[Finding]:
    for role, find in kiosk.readers.items():
        try:
            yield Finding(f"{role} reader", find())
        except ReaderError as error:
            yield Finding(f"{role} reader", str(error), "Plug it in; `readers doctor` says more.")


def _examine_screen() -> Iterator[Finding]:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    install = "Install it: sudo apt install chromium."
    yield Finding("browser", browser) if browser else Finding("browser", "there is no Chromium", install)
    listing = shutil.which("fc-list")
    if listing is None:
        yield Finding("fonts", "there is no fc-list to ask", "Install it: sudo apt install fontconfig.")
        return
    asked = {language: _fonts(listing, language) for language in LANGUAGES}
    missing = ", ".join(language for language, has_some in asked.items() if not has_some)
    fetch = "Install some: sudo apt install fonts-wqy-microhei fonts-dejavu-core."
    yield Finding("fonts", f"none for {missing}", fetch) if missing else Finding("fonts", "for every language")


def _fonts(listing: str, language: str) -> bool:
    return bool(subprocess.run([listing, f":lang={language}"], capture_output=True, check=False, timeout=30).stdout)


def _examine_printer(name: str) -> Finding:
    try:
        queue = ask_queue(name)
    except NoQueue:
        return Finding("printer", f"no queue is called {name}", "Say one that `lpstat -e` lists, or add it: lpadmin.")
    why = f": {queue.reason}" if queue.reason else ""
    if not queue.accepting:
        return Finding("printer", f"{name} takes nothing{why}", f"Have it take papers again: sudo cupsaccept {name}.")
    if not queue.enabled:
        return Finding("printer", f"{name} is stopped{why}", f"See to it, then start it: sudo cupsenable {name}.")
    if queue.remembered:
        kept = f"{name} prints{why}; CUPS remembers {queue.remembered} of the papers that it printed"
        return Finding(
            "printer", kept, "Set PreserveJobFiles No and PreserveJobHistory No in cupsd.conf; restart CUPS."
        )
    return Finding("printer", f"{name} prints{why}", "Look whether it is on and has paper." if why else "")


def _examine_process(port: int) -> Iterator[Finding]:
    """How old what it knows is, by its own metrics."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5, trust_env=False)
        answer.raise_for_status()
        families = tuple(text_string_to_metric_families(answer.text))
    except (httpx.HTTPError, ValueError):  # the second where something else answers there
        yield Finding("process", f"no kiosk answers at port {port}", "Start it (`kiosk run`), or say its --port.")
        return
    known = {sample.name: sample.value for family in families for sample in family.samples}
    yield Finding("process", f"it runs, with version {known.get('kiosk_plan_version', 0):.0f} of the plan")
    yield _examine_browser(known.get("kiosk_screens_shown", 0))
    yield _examine_card_left(known.get("kiosk_card_left_seconds"))
    for name, (longest, advice) in OLDEST.items():
        about = name.removeprefix("kiosk_").removesuffix("_age_seconds")
        if name not in known:
            yield Finding(about, "never", advice)
        else:
            yield Finding(about, f"{known[name]:.0f} s old", advice if known[name] > longest else "")


def _examine_browser(shown: float) -> Finding:
    if shown:
        return Finding("screen", "a browser shows it")
    return Finding("screen", "no browser shows it", "Start the kiosk with --browser, or look what its log says of it.")


def _examine_card_left(seconds: float | None) -> Finding:
    if seconds is None:
        return Finding("card", "nobody has left one behind")
    return Finding("card", f"left behind {seconds:.0f} s ago", "Take it, and keep it at the counter for its owner.")


def _examine_journal(folder: Path, client_id: str) -> Finding:
    """It is opened as it would be at the next start."""
    if not (folder / "journal.log").exists():
        return Finding("journal", "there is none yet")
    try:
        with Journal(folder, client_id) as journal:
            return Finding("journal", f"{len(journal.unsynchronised())} entries to be told")
    except JournalInUse:
        return Finding("journal", "the kiosk that runs has it")
    except (EntriesLost, EntryAltered, HeadRefused, OSError) as error:
        return Finding("journal", str(error), "Keep the folder for those who look after kiosks; it takes no more taps.")


def _examine_service(kiosk: Examined, who: Identity, folder: StateFolder) -> Iterator[Finding]:
    try:
        key = load_key(folder.key_file)
    except (OSError, ValueError) as error:
        yield Finding("key", str(error), f"chmod 600 {folder.key_file}, or enrol the kiosk anew.")
        return
    yield Finding("key", _mode(folder.key_file))
    try:
        answer = httpx.get(f"{who.service}/healthz", timeout=5, trust_env=False)
    except httpx.HTTPError as error:
        why = f"{who.service} cannot be reached: {type(error).__name__}"
        yield Finding(
            "service", why, "Look at the network, at the name and the certificate, and at the service itself."
        )
        return
    yield Finding("service", f"{who.service} answers")
    yield _examine_clock(answer.headers.get("date"), kiosk.clock())
    with ServiceClient(who.service, who.client_id, key, issuer=who.issuer, clock=kiosk.clock) as client:
        yield from _examine_standing(client, kiosk.departments)


def _mode(file: Path) -> str:
    return f"{file}, mode {stat.S_IMODE(file.stat().st_mode):04o}"


def _examine_clock(told: str | None, now: datetime) -> Finding:
    try:
        ahead = now - parsedate_to_datetime(told or "")
    except (ValueError, TypeError):  # no date, or one without a zone
        return Finding("clock", "the service does not tell the time")
    found = f"{ahead.total_seconds():+.0f} s against the service"
    return Finding("clock", found, "Set it: timedatectl set-ntp true." if abs(ahead) > CLOCKS_DIFFER else "")


def _examine_standing(client: ServiceClient, named: tuple[DepartmentAddress, ...]) -> Iterator[Finding]:
    places = named
    try:
        client.revocation_page(limit=1)
        yield Finding("standing", "the service knows this kiosk, and lets it work")
        if not places:
            plan = client.fleet_plan()
            places = tuple(DepartmentAddress(place.base_url, place.code) for place in plan.departments)
            yield Finding("plan", f"version {plan.version} names {len(places)} departments")
    except ServiceProblem as error:
        code = error.problem.code
        yield Finding("standing", code, ADVICE.get(code, "Ask those who look after the service."))
    except ServiceUnreachable as error:
        yield Finding("standing", str(error), "Try again; then ask those who look after the service.")
    yield from _examine_departments(places)


ADVICE: Final[Mapping[str, str]] = {
    "client-refused": "The service does not know this key any more: enrol the kiosk anew (`cardsvc kiosk code`).",
    "kiosk-disabled": "It was taken out of service (`cardsvc kiosk list --json` says why); `cardsvc kiosk enable`.",
    "no-such-fleet-plan": "Publish one (`cardsvc kiosk publish-plan`), or name departments with --department.",
}


def _examine_departments(places: tuple[DepartmentAddress, ...]) -> Iterator[Finding]:
    asking = DepartmentClient()
    try:
        for place in places:
            yield _examine_department(asking, place)
    finally:
        asking.close()


def _examine_department(asking: DepartmentClient, place: DepartmentAddress) -> Finding:
    about = f"department {place.code}"
    try:
        claims = asking.manifest(place.base_url).department
    except (DepartmentUnreachable, DepartmentConfused, DepartmentRefused) as error:
        what = "cannot be reached" if isinstance(error, DepartmentUnreachable) else "answers what is no manifest"
        return Finding(about, f"{place.base_url} {what}", "Look at the network and the address; ask the department.")
    if claims != place.code:
        return Finding(about, f"{place.base_url} is {claims}", "Mend the address: nothing is offered of it.")
    return Finding(about, f"{place.base_url} answers")
