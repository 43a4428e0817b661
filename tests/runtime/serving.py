"""An App that serves routers as components would, without a project on disk."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, FastAPI

from fissile import App
from fissile.runtime.app import Served

Api = APIRouter | FastAPI | Mapping[str, APIRouter | FastAPI]


def unbound(interface: type[object]) -> object:
    """For routers without ``Provided``: nothing is bound."""
    raise AssertionError(f"nobody should ask for {interface}")


PACKAGES = {f"project.{name}": name for name in ("orders", "suppliers", "legacy")}
"""The components that the project has, live or not."""


def serve(app: App, bind: Callable[[type[object]], object] = unbound, **apis: Api) -> App:
    """Serves each API as the component of that name, of the package ``project``."""
    served = [Served(name, f"project.{name}", f"/{name.replace('_', '-')}", api, bind) for name, api in apis.items()]
    app.serve(served, {**PACKAGES, **{part.package: part.name for part in served}})
    return app
