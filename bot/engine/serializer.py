"""What DBOS keeps between steps: sealed JSON instead of its default, pickle."""

import base64
from typing import Any

from dbos import Serializer

from bot.contracts.errors import MeshClawError
from bot.store.sealing import Vault


class StepFailed(MeshClawError):
    """A remembered failure of a step: the kind of error, nothing of its words."""


class SealedJson(Serializer):
    """JSON sealed with the installation's key. Errors are kept as the name of their class alone."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def name(self) -> str:
        return "meshclaw_sealed_json"

    def serialize(self, data: Any) -> str:
        kept = {"error": type(data).__name__} if isinstance(data, BaseException) else {"value": _plain(data)}
        return base64.b64encode(self._vault.seal(kept, table="dbos", owner="", row="")).decode("ascii")

    def deserialize(self, serialized_data: str) -> Any:
        kept = self._vault.open(base64.b64decode(serialized_data), table="dbos", owner="", row="")
        return StepFailed(kept["error"]) if "error" in kept else kept["value"]


def _plain(data: Any) -> Any:
    """Tuples as lists: the one thing DBOS hands over that JSON has not."""
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(value) for value in data]
    return data
