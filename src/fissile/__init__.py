"""Build a FastAPI backend out of decoupled components; run them as one process or as many, and get the same answers.

The public names are loaded when they are first used, so that the command line starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fissile.component import Component, Database
    from fissile.context import Carried, Principal
    from fissile.errors import CallError, ConfigurationError
    from fissile.interface import Interface, idempotent, raises, readonly
    from fissile.policy import anyone, authenticated, requires
    from fissile.runtime.app import App
    from fissile.runtime.provided import Provided
    from fissile.values import ComponentError, Event, Value

__all__ = [
    "App",
    "CallError",
    "Carried",
    "Component",
    "ComponentError",
    "ConfigurationError",
    "Database",
    "Event",
    "Interface",
    "Principal",
    "Provided",
    "Value",
    "anyone",
    "authenticated",
    "idempotent",
    "raises",
    "readonly",
    "requires",
]

_HOME = {
    "App": "runtime.app",
    "CallError": "errors",
    "Carried": "context",
    "Component": "component",
    "ComponentError": "values",
    "ConfigurationError": "errors",
    "Database": "component",
    "Event": "values",
    "Interface": "interface",
    "Principal": "context",
    "Provided": "runtime.provided",
    "Value": "values",
    "anyone": "policy",
    "authenticated": "policy",
    "idempotent": "interface",
    "raises": "interface",
    "readonly": "interface",
    "requires": "policy",
}


if not TYPE_CHECKING:  # a type checker that saw it would accept every misspelt name

    def __getattr__(name: str) -> object:
        """Load a public name from the module it lives in (PEP 562)."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
