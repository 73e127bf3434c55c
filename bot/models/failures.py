"""What a model's failure means to people. A provider's own words may repeat the prompt: only a status code is told."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from bot.contracts.errors import MeshClawError, OperatorMends, PersonMends, TimeMends
from bot.models.names import ModelName
from bot.models.settings import KEY_VARIABLES, URL_VARIABLES

if TYPE_CHECKING:
    from pydantic_ai.exceptions import ModelAPIError

_LATER = "Try again in a while."
_TOO_LONG = "Ask about less at once, or in a new conversation."
_TOO_LARGE = 413
_AWAY = (408, 409, 425)  # statuses that say `later` and belong to no kind of error


def failure(error: BaseException, names: Collection[ModelName] = ()) -> MeshClawError:
    """The meaning of an error that a run with a model raised. `names`: the models it may have come from, so that the
    right setting is named. What is no failure of a model is raised again as it came."""
    from pydantic_ai import exceptions as raised  # loaded by now: it made the error

    if isinstance(error, MeshClawError):
        return error
    if isinstance(error, raised.FallbackExceptionGroup):
        return _all_failed([failure(each, names) for each in error.exceptions])
    if isinstance(error, raised.ModelAPIError):
        return _request_failed(error, names)
    if isinstance(error, raised.UsageLimitExceeded):
        return PersonMends("This would take more of the model than one request may.", "Ask for less at once.")
    if isinstance(error, raised.ContentFilterError):
        return PersonMends("The model's provider refuses to answer this.", "Ask in other words, or another model.")
    if isinstance(error, raised.OutputTokenLimitExceeded):
        return PersonMends("The model's answer became too long and was cut off.", "Ask for less at once.")
    if isinstance(error, TimeoutError):
        return TimeMends("The model did not answer in time.", _LATER)
    if isinstance(error, raised.AgentRunError) and not isinstance(error, raised.RunCancelled):
        return TimeMends("The model's answer could not be used.", "Try again, or choose another model.")
    raise error


def falls_over(error: Exception) -> bool:
    """Whether the next model of the chain is asked: the first is away, or takes no more for now. A refused key or an
    unknown name is not passed over: what an operator has to mend must not turn into another provider silently."""
    from pydantic_ai import exceptions as raised

    away = (
        raised.ModelConnectionError,
        raised.ModelQuotaExceededError,
        raised.ModelRateLimitError,
        raised.ModelRequestTimeout,
        raised.ModelServerError,
        raised.ModelUnavailableError,
    )
    return isinstance(error, away) or _status(error) in _AWAY


def _all_failed(meanings: list[MeshClawError]) -> MeshClawError:
    """What somebody can mend goes before what time mends: nobody would hear of it otherwise."""
    for kind in (OperatorMends, PersonMends):
        if found := next((each for each in meanings if isinstance(each, kind)), None):
            return found
    reasons = " ".join(dict.fromkeys(each.message for each in meanings))
    return TimeMends(f"No model answers. {reasons}", _LATER)


def _request_failed(error: "ModelAPIError", names: Collection[ModelName]) -> MeshClawError:
    from pydantic_ai import exceptions as raised

    alike = [name for name in names if name.word == error.model_name]
    name = alike[0] if len(alike) == 1 else None  # the error does not say which provider's
    model = str(name) if name else "The model"
    status = _status(error)
    coded = f" (status {status})" if status else ""
    if isinstance(error, raised.ModelContextWindowExceededError) or status == _TOO_LARGE:
        return PersonMends(f"This is more text than {_within(model)} can take.", _TOO_LONG)
    if isinstance(error, raised.ModelAuthenticationError):
        key = KEY_VARIABLES[name.provider] if name else "the provider's key"
        return OperatorMends(f"{model} refuses the key{coded}.", f"Check {key}, and that it may use this model.")
    if isinstance(error, raised.ModelNotFoundError):
        url = URL_VARIABLES.get(name.provider) if name else None
        where = f", and the address in {url}" if url else ""
        return OperatorMends(
            f"{model} is not known to its provider{coded}.",
            f"Check the name in MESHCLAW_MODEL or MESHCLAW_MODELS{where}.",
        )
    if isinstance(error, raised.ModelQuotaExceededError):
        return OperatorMends(f"The account of {_within(model)} is used up{coded}.", "Top it up with the provider.")
    if isinstance(error, raised.ModelRateLimitError):
        return TimeMends(f"{model} takes no more requests for now{coded}.", _LATER)
    if isinstance(error, raised.ModelRequestTimeout | raised.ModelTimeoutError):
        return TimeMends(f"{model} did not answer in time.", _LATER)
    if isinstance(error, raised.ModelConnectionError):
        broken = "broke off its answer" if error.phase == "read" else "cannot be reached"
        return TimeMends(f"{model} {broken}.", _LATER)
    if isinstance(error, raised.ModelRequestRejectedError) or (status and status < 500 and status not in _AWAY):
        mend = "Check that it is a model that can chat and use tools; `meshclaw doctor` asks its provider."
        return OperatorMends(f"{model} refuses the request{coded}.", mend)
    return TimeMends(f"{model} fails{coded}.", _LATER)


def _within(model: str) -> str:
    return model[0].lower() + model[1:]


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else None
