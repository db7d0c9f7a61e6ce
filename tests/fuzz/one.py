"""One target under atheris, in a process of its own: ``python -m tests.fuzz.one TARGET [libFuzzer's options]``."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import atheris


def main() -> None:
    """The first argument names the target; the corpus is the folder given to libFuzzer after it."""
    name, corpus, *options = sys.argv[1:]
    # Not the tests' fixtures nor `cryptography`, most of which is native: their branches are not what is to be covered.
    with atheris.instrument_imports(include=["readers", "asn1crypto"]):
        from tests.fuzz.targets import TARGETS, survives  # noqa: PLC0415 (what is imported here is instrumented)
    warnings.simplefilter("error")  # as in the tests
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds()):
        Path(corpus, f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *options, corpus], lambda raw: survives(target, raw))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
