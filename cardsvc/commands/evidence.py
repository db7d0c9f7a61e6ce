"""Evidence of verifications. Needs no database and no network: a court or an auditor can run it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from pydantic import ValidationError
from rich.markup import escape

from cardsvc.client import EvidenceRefused, EvidenceVerifier, VerifiedEvidence
from cardsvc.commands.shared import JsonOption, report
from cardsvc.reporting import CommandRefused, reporting
from cardsvc.wire.evidence import Evidence

app = typer.Typer(help="Evidence of what departments were told.", no_args_is_help=True)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="JSON, as GET /v1/evidence/{verification_id} gives it.")],
    *,
    root: Annotated[Path, typer.Option(help="PEM file: the city's root certificates, from somebody you trust.")],
    audience: Annotated[str | None, typer.Option(help="Only for this one: urn:citizen-card:department:<code>.")] = None,
    log_key: Annotated[
        str | None, typer.Option(help="The audit log's verifier key, as GET /v1/audit/key gives it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check evidence offline: signature, certificates as of when it was signed, and the audit log's proof.

    Example: cardsvc evidence verify evidence.json --root root-ca.pem
    """
    with reporting():
        roots = x509.load_pem_x509_certificates(root.read_bytes())
        verifier = EvidenceVerifier(roots, audience=audience, log=log_key)
        try:
            checked = verifier.verify(_read(file))
        except EvidenceRefused as refusal:
            raise CommandRefused(f"{file}: {refusal}") from None
    claims = checked.claims.model_dump(mode="json")
    report({"logged": checked.logged, **claims}, _told(checked), as_json)


def _read(file: Path) -> Evidence:
    try:
        return Evidence.model_validate_json(file.read_bytes())
    except ValidationError:
        raise CommandRefused(f"{file} is not evidence, as GET /v1/evidence/{{verification_id}} gives it.") from None


def _told(checked: VerifiedEvidence) -> str:
    claims, verified = checked.claims, checked.verified.model_dump(mode="json")
    place = "the audit log has it" if checked.logged else "the audit log promises to have it"
    lines = [
        f"{claims.iss} told {claims.aud} on {checked.verified_at:%Y-%m-%d at %H:%M:%S} UTC,",
        f"under version {claims.policy_version} of its policy, about {claims.sub}:",
        *(f"  {name}: {_text(value)}" for name, value in verified.items()),
        f"signed on {checked.signed_at:%Y-%m-%d at %H:%M:%S} UTC; {place}",
    ]
    return escape("\n".join(lines))


def _text(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
