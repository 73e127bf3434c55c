"""What reaches out: one module or package per outside service, found by scanning.

Adding a connector is adding one file here with a factory `connector(connections) -> contracts.Connector`; the
conformance suite in `tests/connectors` finds it too.
"""

import pkgutil
from importlib import import_module
from types import ModuleType

from bot.contracts.errors import OperatorMends


def discover() -> dict[str, ModuleType]:
    """Every connector module here, by its file's name. Raises OperatorMends for one that cannot be imported."""
    found: dict[str, ModuleType] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        try:
            loaded = import_module(f"{__name__}.{module.name}")
        except ImportError as error:
            raise OperatorMends(
                f"The connector {module.name} cannot be loaded: {error}.", "Install what it needs, or remove its file."
            ) from error
        if callable(getattr(loaded, "connector", None)):
            found[module.name] = loaded
    return found
