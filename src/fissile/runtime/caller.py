"""The interfaces of an application outside a request: for scripts, tests and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from .wiring import Runtime

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")


class Caller:
    """Gives the interfaces of an application: ``suppliers = call(Suppliers)``.

    Args:
        runtime: The application's components.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def __call__(self, interface: TypeForm[T]) -> T:
        """The stub of an interface: each of its methods is a call.

        Raises:
            ConfigurationError: No component provides it.
        """
        return cast("T", self._runtime.stub(cast("type[object]", interface)))
