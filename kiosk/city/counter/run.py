"""A counter that stays open until its window is closed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.panel import Panel

from cardsvc.wire.manifest import Language
from kiosk.city.announcing import NothingIsOpen, announced, tell
from kiosk.city.counter.officers import OFFICERS, issue_officers_cards
from kiosk.city.counter.residents import seed
from kiosk.city.counter.table import PLACES, CounterTable, Reader, open_counter
from kiosk.city.founding import DESK, Plan, found, open_service
from kiosk.city.issuing import CITIZENS_PIN
from kiosk.city.processes import ChildProcess, python
from kiosk.city.stage import CardFiles, LoopbackStage, Stage, Transport, open_stage, why_no_pcsc
from kiosk.desk.colours import Theme

BLANKS: Final = tuple(f"CC-0000-01{number:02}" for number in range(1, 13))
"""Numbers that are printed on the pile of blank cards; they are in stock."""
_ANNOUNCED: Final = "counter.json"


@dataclass(frozen=True, slots=True)
class Opening:
    """How the window is opened; None: as it was chosen there last."""

    language: Language | None = None
    theme: Theme | None = None

    @property
    def options(self) -> list[str]:
        """Of the desk's program."""
        chosen = {"--language": self.language, "--theme": self.theme}
        return [f"{option}={value}" for option, value in chosen.items() if value is not None]


def run_counter(folder: Path, wanted: Transport | None, opening: Opening, console: Console) -> None:
    """Open everything, and wait until the desk's window is closed or for Ctrl-C."""
    with ExitStack() as running:
        room = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="desk-")))
        stage = running.enter_context(open_stage(room, wanted))
        plan = Plan.for_folder(room, departments=())
        console.print("Founding the city …")
        found(plan)
        running.enter_context(open_service(plan))
        console.print("Issuing the officers' cards, and enrolling a dozen residents …")
        table = CounterTable(stage, lay_out(plan))
        address = running.enter_context(open_counter(table))
        running.enter_context(announced(folder / _ANNOUNCED, address))
        desk = running.enter_context(open_desk(plan, stage, opening))
        console.print(_welcome(stage, address))
        with suppress(KeyboardInterrupt):
            desk.wait()
        console.print("Closing the counter.")


def lay_out(plan: Plan) -> dict[str, CardFiles]:
    """All cards that lie on the counter, by name: officers', residents', and a pile of blank ones in stock."""
    written = LoopbackStage(plan.folder)  # nobody looks on: it need not be the readers of the desk
    cards = issue_officers_cards(plan, written) | seed(plan, written)
    with plan.caller(next(iter(OFFICERS))) as clerk:
        for number in BLANKS:
            clerk.add_stock(number)
    return cards | {number: CardFiles.named(plan.folder, number) for number in BLANKS}


@contextmanager
def open_desk(plan: Plan, stage: Stage, opening: Opening) -> Iterator[ChildProcess]:
    """The desk's program, as an installed one is started."""
    readers = {role: stage.reader_name(place) for role, place in PLACES.items()}
    command = python(
        "kiosk.desk.cli", f"--service={plan.service_url}", f"--client-id={DESK}", f"--key={plan.private_key(DESK)}",
        f"--officer={readers[Reader.OFFICER]}", f"--card={readers[Reader.CARD]}", f"--folder={plan.folder / 'drafts'}",
        *opening.options,
    )  # fmt: skip
    with ChildProcess("desk", command, stage.environment, plan.folder / "desk.log") as process:
        yield process


def move_card(folder: Path, card: str, where: Reader) -> None:
    """Tell the counter that is open to move a card."""
    try:
        answer = tell(folder / _ANNOUNCED, {"card": card, "where": where.value})
    except NothingIsOpen as error:
        raise typer.BadParameter("no counter is open here: open one with `make desk`") from error
    if answer.is_client_error:
        raise typer.BadParameter(answer.json()["detail"])


def _welcome(stage: Stage, address: str) -> Panel:
    how = "the real PC/SC stack" if stage.transport is Transport.PCSC else f"in-process ({why_no_pcsc() or 'as asked'})"
    officers = ", ".join(f"{name} ({person.name_latin})" for name, person in OFFICERS.items())
    return Panel(
        f"Officers       {officers}; each one's card is on the counter under that name\n"
        f"PIN            [bold]{CITIZENS_PIN}[/], of every card that has a holder\n"
        f"Blank cards    {BLANKS[0]} to {BLANKS[-1]}, in stock\n"
        f"Counter        [link={address}]{address}[/link]   or:  .venv/bin/city desk-card NAME officer | card | off\n"
        "Sign in        .venv/bin/city desk-card ana officer, then the PIN in the window\n"
        "A colleague    .venv/bin/city desk-card bo card, when the window asks for a second person\n"
        f"Readers        {how}\n"
        "Close the window, or Ctrl-C here.",
        title="The desk is open",
        title_align="left",
        expand=False,
    )
