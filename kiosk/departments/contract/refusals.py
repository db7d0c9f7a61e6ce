"""Why a department says no.

    Refusal
    ├── RequestRefused               the request itself is wrong: nothing was done, nothing is kept
    │   ├── MalformedRequest           it is not the JSON we publish
    │   ├── RequestTooLarge            it is longer than any request of ours
    │   ├── UnknownService             there is no such service here
    │   ├── IdempotencyKeyMissing      the key is missing or no key
    │   ├── IdempotencyKeyReused       the key was used for another request
    │   ├── AssertionNotAccepted       the assertion is not good here and now (carries the reason)
    │   │   └── CardNotAccepted          ... since the card is not in force any more
    │   ├── AssertionReplayed          the assertion was used for another request
    │   ├── StepUpNeeded               the assertion is good, but its level too low (carries the level)
    │   ├── TurnMistaken               a second turn comes without a first, or the other way round
    │   ├── SignatureNeeded            what is signed comes without a signature, or the other way round
    │   ├── SignatureNotAccepted       the signature is not good (carries the reason)
    │   ├── DocumentNotPrepared        what was signed was not prepared here for this, or it is too long ago
    │   ├── VerificationUnavailable    the card service could not be asked
    │   └── InputRefused               the input does not fit the schema (carries what and where)
    ├── DepartmentFailed             something broke: nothing was done, nothing is kept
    └── ServiceRefused               the department's own answer is no; kept under the idempotency key
        ├── AttributeNeeded            the citizen did not tell what it takes (carries the attribute's name)
        ├── NothingToContinue          nobody began what this is to go on with, or it is too long ago, or it is done
        ├── SamePersonTwice            the second one of two who come in turn is the first one again
        ├── DocumentOutdated           what was signed would be written otherwise now
        ├── NothingToTakeBack          what is to be taken back is not there, or not any more
        └── CardNotInForceThen         the card was revoked when it was tapped at a kiosk without a network

Each carries a sentence for the citizen in every language; ``detail`` is for whoever runs the kiosk. Neither ever holds
a pseudonym, an attribute or what the citizen entered.
"""

from __future__ import annotations

from typing import Any, ClassVar

from cardsvc.wire.levels import Level
from cardsvc.wire.manifest import Texts
from kiosk.departments.contract.texts import texts


class Refusal(Exception):
    """Base of all refusals. ``code`` is the stable name for programs."""

    code: ClassVar[str]
    title: ClassVar[str]
    message: ClassVar[Texts]

    def __init__(self, detail: str = "", **data: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.data = data


class RequestRefused(Refusal):
    """Base of refusals by the contract itself."""


class ServiceRefused(Refusal):
    """Base of refusals by a department's rules: the request was right, its answer is no."""


_TRY_AGAIN = texts(
    "Something went wrong on our side. Please start again.",
    "系统出现问题，请重新操作。",
    "Ocorreu um problema do nosso lado. Por favor, recomece.",
)
_HOLD_CARD_AGAIN = texts(
    "Your confirmation has run out. Please hold your card to the reader again.",
    "您的身份确认已失效，请重新刷卡。",
    "A sua confirmação expirou. Aproxime novamente o cartão do leitor.",
)


class MalformedRequest(RequestRefused):
    """Raised when the body is not a service request."""

    code = "malformed-request"
    title = "The request is not what this department publishes"
    message = _TRY_AGAIN


class RequestTooLarge(RequestRefused):
    """Raised when the body is longer than the limit."""

    code = "request-too-large"
    title = "The request is too large"
    message = _TRY_AGAIN


class UnknownService(RequestRefused):
    """Raised for a service code that is not in the manifest."""

    code = "unknown-service"
    title = "This department has no such service"
    message = texts(
        "This service is not offered any more. Please choose another one.",
        "该服务已停止提供，请选择其他服务。",
        "Este serviço já não está disponível. Escolha outro, por favor.",
    )


class IdempotencyKeyMissing(RequestRefused):
    """Raised when the Idempotency-Key header is missing or malformed."""

    code = "idempotency-key-missing"
    title = "An Idempotency-Key of 16 to 64 letters, digits, '-' or '_' is required"
    message = _TRY_AGAIN


class IdempotencyKeyReused(RequestRefused):
    """Raised when the key came before with another service or input."""

    code = "idempotency-key-reused"
    title = "The Idempotency-Key was used for another request"
    message = _TRY_AGAIN


class AssertionNotAccepted(RequestRefused):
    """Raised when the assertion is not good here and now. ``reason`` in the data says why."""

    code = "assertion-not-accepted"
    title = "The assertion is not accepted"
    message = _HOLD_CARD_AGAIN

    def __init__(self, reason: str) -> None:
        super().__init__(reason, reason=reason)


class CardNotAccepted(AssertionNotAccepted):
    """Raised when the card service says that the card is not in force now, though the assertion was good."""

    code = "card-not-accepted"
    title = "The card is not in force"
    message = texts(
        "This card cannot be used at the moment. Please ask at the service counter.",
        "此卡目前无法使用，请到服务台咨询。",
        "Este cartão não pode ser usado neste momento. Pergunte no balcão de atendimento, por favor.",
    )


class AssertionReplayed(RequestRefused):
    """Raised when an assertion that served one request comes with another."""

    code = "assertion-replayed"
    title = "The assertion was used for another request"
    message = _HOLD_CARD_AGAIN


class StepUpNeeded(RequestRefused):
    """Raised when the assertion's level is too low for the service (RFC 9470). Carries the level that is needed."""

    code = "step-up-required"
    title = "This service needs a higher level of assurance"
    message = texts(
        "This service needs your card in the slot and your PIN.",
        "此服务需要插入卡片并输入密码。",
        "Este serviço exige o cartão inserido na ranhura e o seu PIN.",
    )

    def __init__(self, needed: Level) -> None:
        super().__init__(f"level {needed} is needed", acr_values=needed.value)
        self.needed = needed


class SignatureNeeded(RequestRefused):
    """Raised when a service of level ``sign`` is asked for without a signed document, or another one with it."""

    code = "signature-needed"
    title = "A signed document is needed at level sign, and taken only there"
    message = _TRY_AGAIN


class TurnMistaken(RequestRefused):
    """Raised when a second turn does not say which first it goes on with, or anything else does."""

    code = "turn-mistaken"
    title = "A second turn names the receipt of the first, and only it does"
    message = _TRY_AGAIN


class SignatureNotAccepted(RequestRefused):
    """Raised when the signature does not belong to document, assertion and city. ``reason`` in the data says why."""

    code = "signature-not-accepted"
    title = "The signature is not accepted"
    message = texts(
        "Your signature could not be confirmed. Nothing was done. Please start again.",
        "无法确认您的签名，未办理任何事项，请重新操作。",
        "Não foi possível confirmar a sua assinatura. Nada foi feito. Por favor, recomece.",
    )

    def __init__(self, reason: str) -> None:
        super().__init__(reason, reason=reason)


class DocumentNotPrepared(RequestRefused):
    """Raised when the signed document is none that was prepared here for this citizen, service and input, of late."""

    code = "document-not-prepared"
    title = "This document was not prepared here for this request"
    message = texts(
        "What you signed is not valid any more. Nothing was done. Please start again.",
        "您签署的文件已失效，未办理任何事项，请重新操作。",
        "O que assinou já não é válido. Nada foi feito. Por favor, recomece.",
    )


class VerificationUnavailable(RequestRefused):
    """Raised when the card service must be asked and cannot be."""

    code = "verification-unavailable"
    title = "The card service cannot be reached"
    message = texts(
        "This service is not available at the moment. Please try again later.",
        "此服务暂时无法使用，请稍后再试。",
        "Este serviço não está disponível neste momento. Tente mais tarde, por favor.",
    )


class InputRefused(RequestRefused):
    """Raised when the input does not fit the schema. ``errors`` names places and rules, never values."""

    code = "input-refused"
    title = "The input does not fit the service's schema"
    message = texts(
        "Something you entered is missing or not possible. Please check it.",
        "您输入的内容有缺失或不符合要求，请检查。",
        "Falta algo, ou algo que introduziu não é válido. Verifique, por favor.",
    )

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("see errors", errors=errors)


class DepartmentFailed(Refusal):
    """Raised when something broke that nobody foresaw; the log has it."""

    code = "department-failed"
    title = "The department could not do its work"
    message = _TRY_AGAIN


class AttributeNeeded(ServiceRefused):
    """Raised when a service cannot do without what the citizen did not want to tell."""

    code = "attribute-needed"
    title = "The service cannot be done without an attribute that was not told"
    message = texts(
        "This cannot be done without what we asked you for. You can start again and agree to it.",
        "缺少我们所需的信息，无法办理。您可以重新开始并同意提供。",
        "Isto não pode ser feito sem o que lhe pedimos. Pode recomeçar e concordar.",
    )

    def __init__(self, attribute: str) -> None:
        super().__init__(f"{attribute} was not told", attribute=attribute)


class NothingToTakeBack(ServiceRefused):
    """Raised when what is to be taken back is not this citizen's, was taken back before, or it is too late for that."""

    code = "nothing-to-take-back"
    title = "There is nothing to take back (any more)"
    message = texts(
        "This cannot be taken back any more. Please look under “My applications” how it stands.",
        "此事项已无法撤回，请在“我的申请”中查看状态。",
        "Isto já não pode ser retirado. Veja em «Os meus pedidos» em que ponto está.",
    )


class DocumentOutdated(ServiceRefused):
    """Raised when something changed between preparing and signing, so that the document would be another one now."""

    code = "document-outdated"
    title = "The signed document would be written otherwise now"
    message = texts(
        "Something has changed since you read the document. Nothing was done. Please start again.",
        "您阅读文件后内容有变，未办理任何事项，请重新操作。",
        "Algo mudou desde que leu o documento. Nada foi feito. Por favor, recomece.",
    )


class CardNotInForceThen(ServiceRefused):
    """Raised when the card had been revoked, held or over when it was tapped at a kiosk that could not know."""

    code = "card-not-in-force-then"
    title = "The card was not in force when it was tapped"
    message = texts(
        "The card was no longer valid when it was held to the kiosk. Nothing was done.",
        "刷卡时该卡已失效，未办理任何事项。",
        "O cartão já não era válido quando foi usado no quiosque. Nada foi feito.",
    )


class NothingToContinue(ServiceRefused):
    """Raised when there is nothing to go on with under that receipt, for this service, any more."""

    code = "nothing-to-continue"
    title = "Nothing that was begun waits under this receipt"
    message = texts(
        "This does not wait for you any more. Please begin again, both of you.",
        "该事项已失效，请双方重新办理。",
        "Isto já não espera por si. Recomecem os dois, por favor.",
    )


class SamePersonTwice(ServiceRefused):
    """Raised when somebody would go on with what they began themself."""

    code = "same-person"
    title = "The second person is the first one again"
    message = texts(
        "This takes two people: somebody else has to go on, with a card of their own.",
        "此事项需由两人办理，请由另一人使用本人的卡继续。",
        "São precisas duas pessoas: outra tem de continuar, com o seu próprio cartão.",
    )
