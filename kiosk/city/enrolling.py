"""A kiosk as a city gets one: it makes its own key, brings a code that an administrator was shown, and is looked at."""

from __future__ import annotations

import json
import subprocess
from typing import Final

from kiosk.city.founding import KIOSK, KIOSK_TITLE, Plan
from kiosk.city.processes import environment_with, python, run
from kiosk.city.stage import Place, Stage

_SECONDS: Final = 60


def enrol_kiosk(plan: Plan) -> str:
    """Have a place made for it, and enrol it; what it said. The card service must be open. Raises ProcessFailed."""
    add = python("cardsvc.cli", "kiosk", "add", f"--client-id={KIOSK}", f"--title={KIOSK_TITLE}", "--json")
    code = json.loads(run("cardsvc kiosk", add, plan.environment))["code"]
    enrol = python("kiosk.cli", "enrol", plan.service_url, f"--state={plan.kiosk_state}")
    return run("kiosk enrol", enrol, {}, f"{code}\n").partition(";")[0].strip()


def examine_kiosk(plan: Plan, stage: Stage) -> str:
    """What `kiosk doctor` says of a kiosk that runs: in short where all is well, else what is not."""
    command = python(
        "kiosk.cli", "doctor", f"--state={plan.kiosk_state}", f"--port={plan.kiosk_port}", "--json",
        f"--contactless={stage.reader_name(Place.CONTACTLESS)}", f"--contact={stage.reader_name(Place.CONTACT)}",
        *plan.department_options,
    )  # fmt: skip
    done = subprocess.run(
        command, env=environment_with(stage.environment), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=_SECONDS, check=False,
    )  # fmt: skip
    findings = json.loads(done.stdout)["findings"]
    ill = [f"{one['about']}: {one['found']}" for one in findings if not one["well"]]
    return f"{len(findings) - len(ill)} of {len(findings)} well" + "".join(f"; {each}" for each in ill)
