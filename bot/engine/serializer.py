"""What DBOS keeps between steps: sealed JSON instead of its default, pickle."""

import base64
from typing import Any

from dbos import Serializer

from bot.contracts.errors import MeshClawError, OperatorMends, OutcomeUnknown, PersonMends, TimeMends
from bot.store.sealing import Vault

_KINDS = {kind.__name__: kind for kind in (OperatorMends, OutcomeUnknown, TimeMends)}


class StepFailed(Exception):
    """A remembered failure of a step that nobody expected: the kind of error, nothing of its words."""


class SealedJson(Serializer):
    """JSON sealed with the installation's key. Expected errors keep their sentences, others their class alone."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def name(self) -> str:
        return "meshclaw_sealed_json"

    def serialize(self, data: Any) -> str:
        kept = _error(data) if isinstance(data, BaseException) else {"value": _plain(data)}
        return base64.b64encode(self._vault.seal(kept, table="dbos", owner="", row="")).decode("ascii")

    def deserialize(self, serialized_data: str) -> Any:
        kept = self._vault.open(base64.b64decode(serialized_data), table="dbos", owner="", row="")
        return _raised(kept) if "error" in kept else kept["value"]


def _plain(data: Any) -> Any:
    """Tuples as lists: the one thing DBOS hands over that JSON has not."""
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    return data


def _error(error: BaseException) -> dict[str, Any]:
    kept: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, MeshClawError):
        family = next((name for name, kind in _KINDS.items() if isinstance(error, kind)), "PersonMends")
        kept = {"error": family, "message": error.message, "mend": error.mend}
        kept["field"] = error.field if isinstance(error, PersonMends) else None
    return kept


def _raised(kept: dict[str, Any]) -> Exception:
    if "message" not in kept:
        return StepFailed(kept["error"])
    if kept["error"] in _KINDS:
        return _KINDS[kept["error"]](kept["message"], kept["mend"])
    return PersonMends(kept["message"], kept["mend"], field=kept["field"])
