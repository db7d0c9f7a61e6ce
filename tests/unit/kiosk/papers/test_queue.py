"""What CUPS 2.4.2 printed of a queue that was stopped, filled and taken away by its own commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.papers.queue import NoQueue, QueueState, ask_queue, read_state

SINCE = "since Sun Nov 29 02:19:06 2026"
IDLE = f"printer hall is idle.  enabled {SINCE}\n"
ACCEPTING = f"hall accepting requests {SINCE}\n"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (IDLE + ACCEPTING, QueueState(enabled=True, accepting=True)),
        (
            f"printer hall disabled {SINCE} -\n\tout of paper\n" + ACCEPTING,
            QueueState(enabled=False, accepting=True, reason="out of paper"),
        ),
        (
            f"{IDLE}\tbeing mended\nhall not accepting requests {SINCE} -\n\tbeing mended\n",
            QueueState(enabled=True, accepting=False, reason="being mended"),
        ),
        (
            f"printer hall now printing hall-1.  enabled {SINCE}\n"
            "\tThe printer may not exist or is unavailable at this time.\n" + ACCEPTING,
            QueueState(
                enabled=True, accepting=True, reason="The printer may not exist or is unavailable at this time."
            ),
        ),
        (
            IDLE + ACCEPTING + "hall-1                  root              1024   Sun Nov 29 06:00:55 2026\n"
            "hall-2                  root              2048   Sun Nov 29 06:01:10 2026\n",
            QueueState(enabled=True, accepting=True, remembered=2),
        ),
    ],
    ids=["idle", "stopped", "takes nothing", "away", "remembers"],
)
def test_how_it_stands(said: str, state: QueueState) -> None:
    assert read_state(said) == state


def test_a_machine_without_cups_has_no_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoQueue):
        ask_queue("hall")
