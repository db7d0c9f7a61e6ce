"""Let departments take part."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rich.markup import escape

from cardsvc import ceremony
from cardsvc.approvals import service as approvals
from cardsvc.approvals.repository import find_newest
from cardsvc.clock import system_clock
from cardsvc.commands import incidents, usage
from cardsvc.commands.presence import SigningOfficer, present
from cardsvc.commands.shared import JsonOption, JwkOption, open_session, read_json, read_settings, report
from cardsvc.departments import drafting, seals
from cardsvc.departments.repository import list_departments
from cardsvc.departments.service import add_department, publish_policy
from cardsvc.paging import EVERYTHING
from cardsvc.reporting import reporting
from cardsvc.trust.addresses import Addresses
from cardsvc.trust.authority import IssuingAuthority
from cardsvc.trust.keystores import load_keystore
from cardsvc.wire.approvals import ApprovalKind
from cardsvc.wire.departments import Department
from cardsvc.wire.scopes import Scope


class SealReason(StrEnum):
    """Why a seal is revoked."""

    KEY_COMPROMISE = "key-compromise"
    SUPERSEDED = "superseded"
    CESSATION = "cessation-of-operation"


REASONS: Final = {
    SealReason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    SealReason.SUPERSEDED: x509.ReasonFlags.superseded,
    SealReason.CESSATION: x509.ReasonFlags.cessation_of_operation,
}

app = typer.Typer(help="Departments and their policies.", no_args_is_help=True)
app.add_typer(usage.app)
app.add_typer(incidents.contact_app)


@app.command("add")
def add_a_department(
    code: Annotated[str, typer.Option(help="For example medical-insurance.")],
    title: Annotated[str, typer.Option(help="For people.")],
    jwk: JwkOption,
    policy: Annotated[Path, typer.Option(help="JSON file: services, purposes, questions, reader levels.")],
    as_json: JsonOption = False,
) -> None:
    """Let a department take part, under a policy.

    Example: cardsvc department add --code education --title Education --jwk edu.pub.jwk --policy edu.policy.json
    """
    with reporting(), open_session() as session:
        department = add_department(
            session,
            code=code,
            title=title,
            public_jwk=read_json(jwk),
            actor=ceremony.ACTOR,
            now=system_clock(),
        )
        publish_policy(session, department, read_json(policy), actor=ceremony.ACTOR, now=system_clock())
        added = {"code": department.code, "client_id": department.caller.client_id}
    report(added, f"{escape(code)} takes part, as {escape(added['client_id'])}", as_json)


@app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """See which departments take part, and which version of its policy each has.

    Example: cardsvc department list --json
    """
    with reporting(), open_session() as session:
        rows = [drafting.describe(session, row) for row in list_departments(session, EVERYTHING).rows]
    told = "\n".join(f"{escape(row.code)}: {escape(row.title)}, {_state(row)}" for row in rows)
    report({"departments": [row.model_dump(mode="json") for row in rows]}, told or "none", as_json)


@app.command("publish")
def publish(
    code: Annotated[str, typer.Argument(help="The department's code.")],
    *,
    policy: Annotated[Path, typer.Option(help="JSON file: services, purposes, questions, reader levels.")],
    requested_by: SigningOfficer,
    approved_by: SigningOfficer,
    reason: Annotated[str, typer.Option(help="For the record.")],
    as_json: JsonOption = False,
) -> None:
    """Put the next version of a policy in force. Two officers are there with their keys.

    Example: cardsvc department publish education --policy edu.policy.json --requested-by ana=ana.jwk
    --approved-by bo=bo.jwk --reason "loans for minors"
    """
    with reporting(), open_session() as session:
        now = system_clock()
        requester = present(session, requested_by, Scope.DEPARTMENTS_WRITE)
        approver = present(session, approved_by, Scope.APPROVALS_DECIDE)
        draft = drafting.draft_policy(session, code, read_json(policy), reason, actor=requester, now=now)
        approval = find_newest(session, ApprovalKind.POLICY_PUBLICATION, draft.id)
        if approval is not None:
            approvals.approve(session, approval.id, actor=approver, now=now)
        published = drafting.describe_policy(drafting.publish_draft(session, draft.id, actor=requester, now=now))
    told = f"version {published.version} of the policy of {escape(code)} is in force"
    report(published.model_dump(mode="json"), told, as_json)


@app.command("seal")
def seal(
    code: Annotated[str, typer.Argument(help="The department's code.")],
    *,
    csr: Annotated[Path, typer.Option(help="PKCS #10 request in PEM, signed with the seal's key.", exists=True)],
    out: Annotated[Path, typer.Option(help="Where the certificate goes, and the one above it (PEM).")],
    as_json: JsonOption = False,
) -> None:
    """Certify the seal that a department puts on its papers.

    Example: cardsvc department seal real-estate --csr seal.csr.pem --out seal.pem
    """
    settings = read_settings()
    with reporting(), open_session() as session:
        authority = IssuingAuthority.load(settings.keystore_dir, load_keystore(settings), Addresses(settings.issuer))
        request = csr.read_bytes()
        certificate = seals.certify_seal(session, authority, code, request, actor=ceremony.ACTOR, now=system_clock())
        out.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in (certificate, authority.issuing)))
    made = {"serial": f"{certificate.serial_number:x}", "not_after": certificate.not_valid_after_utc.isoformat()}
    report(
        made, f"seal {made['serial']} of {escape(code)}, until {made['not_after'][:10]}, in {escape(str(out))}", as_json
    )


@app.command("revoke-seal")
def revoke_a_seal(
    serial: Annotated[str, typer.Argument(help="The certificate's serial number, hexadecimal.")],
    *,
    reason: Annotated[SealReason, typer.Option(help="For whoever checks a paper.")],
    as_json: JsonOption = False,
) -> None:
    """Revoke a seal: papers that bear it are not good any more.

    Example: cardsvc department revoke-seal 4f1c --reason key-compromise
    """
    with reporting(), open_session() as session:
        flag = REASONS[reason]
        seals.revoke_seal(session, serial, flag, actor=ceremony.ACTOR, now=system_clock())
    report({"serial": serial, "reason": reason.value}, f"seal {escape(serial)} is revoked", as_json)


def _state(row: Department) -> str:
    if row.disabled_at:
        return "shut out"
    return f"policy version {row.policy_version}" if row.policy_version else "no policy yet"
