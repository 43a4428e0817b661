"""An App that serves routers as components would, without a project on disk."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, FastAPI

from fissile import App
from fissile.runtime.app import Served

Api = APIRouter | FastAPI | Mapping[str, APIRouter | FastAPI]


def unbound(interface: type[object]) -> object:
    """For routers without ``Provided``: nothing is bound."""
    raise AssertionError(f"nobody should ask for {interface}")


def serve(app: App, bind: Callable[[type[object]], object] = unbound, **apis: Api) -> App:
    """Serves each API as the component of that name, of the package ``project``."""
    names = {name: name.replace("_", "-") for name in apis}
    app.serve([Served(name, f"project.{name}", f"/{names[name]}", api, bind) for name, api in apis.items()])
    return app
