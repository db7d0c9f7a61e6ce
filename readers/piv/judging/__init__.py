"""Is this card right? `verify_tap` says so of a tap, `judge` of a card, `judge_objects` of what was read from one."""

from __future__ import annotations

from readers.piv.judging.evidence import SIGNER, KeyProof, Trust
from readers.piv.judging.faces import VOUCHING, trusted_photograph
from readers.piv.judging.inspecting import judge, read_card
from readers.piv.judging.judge import judge_objects
from readers.piv.judging.names import named_fasc_ns, named_uuids
from readers.piv.judging.proofs import HeldKey, SignedDigest
from readers.piv.judging.tapped import CARD_AUTHENTICATION_USAGE, VerifiedTap, signed_by, verify_tap
from readers.piv.judging.verdict import Code, Depth, Finding, Judgement, Severity, Verdict

__all__ = [
    "CARD_AUTHENTICATION_USAGE",
    "SIGNER",
    "VOUCHING",
    "Code",
    "Depth",
    "Finding",
    "HeldKey",
    "Judgement",
    "KeyProof",
    "Severity",
    "SignedDigest",
    "Trust",
    "Verdict",
    "VerifiedTap",
    "judge",
    "judge_objects",
    "named_fasc_ns",
    "named_uuids",
    "read_card",
    "signed_by",
    "trusted_photograph",
    "verify_tap",
]
