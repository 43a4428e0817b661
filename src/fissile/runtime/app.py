"""`App`: one FastAPI application, with or without components."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Unpack, cast

from fastapi import APIRouter, FastAPI
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan

from fissile.errors import ConfigurationError, Fault, place, raise_faults
from fissile.generate.openapi import Description, compose
from fissile.project import Project, View, find, view_from
from fissile.runtime import health, lifecycle
from fissile.runtime.absent import keep_out
from fissile.runtime.caller import Caller
from fissile.runtime.http import openapi, problems
from fissile.runtime.http.composed import ComposedDocument
from fissile.runtime.http.custom import Custom, CustomDocument
from fissile.runtime.http.guards import guard_faults, own_router_faults
from fissile.runtime.http.in_time import InTime
from fissile.runtime.http.needs import asked_by_dependencies
from fissile.runtime.http.options import Options
from fissile.runtime.http.requests import RequestContext
from fissile.runtime.http.routing import Bind, Branch, Dispatcher, astray, include_api, trespassing
from fissile.runtime.wiring import Runtime

_PLACED: ContextVar[tuple[str, View] | None] = ContextVar("fissile_placed", default=None)


@contextmanager
def placed(package: str, view: View) -> Iterator[None]:
    """Give `view` to the application of `package` that is made while the block runs.

    ``main.py`` may read ``app.routes`` while it is imported, and that loads the components of the view.
    """
    token = _PLACED.set((package, view))
    try:
        yield
    finally:
        _PLACED.reset(token)


_TOO_EARLY = Fault(
    "app.openapi() was called while main.py was imported",
    "",
    "the other processes describe their part of the document when they run",
    "call it while the application runs, for example in its lifespan or in a route",
)


@dataclass(frozen=True, slots=True)
class Served:
    """What one live component serves over HTTP.

    Attributes:
        name: The component's name.
        package: The dotted name of its package or module; schema names and the owner of an error come from it.
        prefix: Its URL prefix, without a slash at its end.
        api: Its router, its routers by version, or an application that is adopted as it is.
        bind: Gives the stub for each ``Provided`` parameter of its endpoints.
    """

    name: str
    package: str
    prefix: str
    api: APIRouter | FastAPI | Mapping[str, APIRouter | FastAPI]
    bind: Bind


class App(FastAPI):
    """A FastAPI application that may be built out of components.

    ``App()`` is FastAPI, byte for byte. ``App(__package__)`` in ``main.py`` finds the components of that package; they
    are loaded when they are first needed (the first request, the lifespan, the first look at `routes` or `openapi`),
    so that tests can place them.

    Args:
        package: The package whose components this application is built of; None for an application without any.
        needs: The interfaces that ``main.py`` calls, in its own routes or in the dependencies of all of them.
        options: Everything that FastAPI takes, and means by it.

    Raises:
        ConfigurationError: When the components are loaded, with everything that is wrong with them.
    """

    def __init__(
        self, package: str | None = None, *, needs: Sequence[type[object]] = (), **options: Unpack[Options]
    ) -> None:
        self.package = package
        self._needs = tuple(needs)
        given = _PLACED.get()
        self.view: View | None = given[1] if given is not None and given[0] == package else None
        self._runtime: Runtime | None = None
        self.dispatcher: Dispatcher | None = None
        self._packages: Mapping[str, str] = {}
        self._described = 0
        self._checked = 0
        self._composed = ComposedDocument()
        self._assembled = package is None
        if package is not None:
            options.setdefault("generate_unique_id_function", openapi.unique_id)
        self._document: dict[str, Any] = {}
        self._custom: CustomDocument | None = None
        if type(self).openapi is not App.openapi:
            self.openapi = type(self).openapi.__get__(self)  # type: ignore[method-assign]  # as users assign it
        super().__init__(**options)  # type: ignore[arg-type]  # handlers may be sync, which FastAPI runs but does not say

    # FastAPI calls this once, before the first request or the lifespan: assembling here costs no request anything.
    def build_middleware_stack(self) -> ASGIApp:
        """Assembles the application, then stacks the middleware around it as FastAPI does."""
        self.assemble()
        stack = super().build_middleware_stack()
        if self.dispatcher is not None and self.dispatcher.limits_bodies():
            stack = problems.TooLarge(stack, self.dispatcher)
        if self._runtime is None:
            return stack
        view = self._runtime.view
        if view.defaults.answer is not None and not view.debug:
            stack = InTime(stack, view.defaults.answer)
        return RequestContext(stack, self._runtime)

    @property
    def routes(self) -> list[BaseRoute]:
        """Every route, those of the components included."""
        self.assemble()
        return super().routes

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of a route by its name, in ``main.py`` or any live component."""
        self.assemble()
        return super().url_path_for(name, **path_params)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document: FastAPI's own without components, else one with qualified names for all of them.

        Raises:
            HTTPException: 503, where components live in other processes that have not described themselves yet.
        """
        self.assemble()
        if self.dispatcher is None:
            return super().openapi()
        if self._custom is not None and self._custom.is_running:
            return self._custom.document()
        return self._whole()

    def _whole(self) -> dict[str, Any]:
        """The document of all processes, the same object until it changes."""
        if self._runtime is not None and self._runtime.view.live is not None:
            if _PLACED.get() is not None:
                raise ConfigurationError(_TOO_EARLY)
            composed = self._composed.find(self._runtime.project.folder)
            if composed is not None:
                return composed
        if self.openapi_schema is None or self._described != len(self.router.routes):
            self._document = compose([self.describe()])
            self._described = len(self.router.routes)
        if self._custom is None:  # else it may keep its own there, as FastAPI's recipe does
            self.openapi_schema = self._document
        return self._document

    def _customised(self, custom: CustomDocument) -> dict[str, Any]:
        """The document of all processes, as the user's own ``app.openapi`` changes it."""
        self.assemble()
        if self.dispatcher is None:
            return custom.unchanged()
        if custom is not self._custom:  # which the user has replaced by one that calls it
            return custom.of(App.openapi(self))
        whole = self._whole()
        return whole if self._composed.is_packaged else custom.of(whole)

    def __setattr__(self, name: str, value: object) -> None:
        """Hand the document of all processes to an ``openapi`` of the user's own, FastAPI's way to change it."""
        if name == "openapi":
            self._custom = CustomDocument(self, cast("Custom", value))
            value = partial(self._customised, self._custom)
        super().__setattr__(name, value)

    def describe(self) -> Description:
        """What this process knows of the document, as ``/-/openapi`` says it; only with components."""
        self.assemble()
        branches = self.dispatcher.branches if self.dispatcher is not None else []
        return openapi.describe(self, self.package or "", branches, self._packages)

    def assemble(self) -> None:
        """Loads the components and includes their routes, once.

        Raises:
            ConfigurationError: With every fault that was found; the next attempt starts over.
        """
        if self._assembled:
            self._check_later()
            return
        self._assembled = True  # what is loaded may look at the routes
        before = list(self.router.routes), self.router.lifespan_context
        try:
            self._assemble()
            self._check_later()
        except BaseException:
            self._assembled = False
            self.router.routes[:], self.router.lifespan_context = before
            raise

    def _check_later(self) -> None:
        """Refuse what ``main.py`` does after its routes have been read, as if it had done it before."""
        if self.dispatcher is None:
            return
        if self._checked != len(self.router.routes):
            raise_faults([*trespassing(self, self.dispatcher.claimed), *self._undeclared(self.dispatcher)])
            self._checked = len(self.router.routes)
        if self._custom is not None:
            raise_faults(self._custom.faults())

    def _assemble(self) -> None:
        """Finds, loads and wires the components, and gives what they serve to `serve`."""
        assert self.package is not None
        project = find(self.package)
        if not project.components:
            return
        view = self.view or self._view(project)
        try:
            runtime = Runtime(self, project, view, self._needs)
        except ConfigurationError as error:
            serving = [found.declared for found in project.components if found.declaration.api]
            claimed = [Branch(declared.name, declared.prefix) for declared in serving]
            raise ConfigurationError(*error.faults, *trespassing(self, claimed)) from None
        served = [
            Served(live.name, live.found.package, live.prefix, live.declaration.api, runtime.bind(live))
            for name in runtime.order
            if (live := runtime.live[name]).declaration.api is not None
        ]
        served.append(Served("-", "fissile", health.PREFIX, health.reserved(runtime), runtime.stub))
        elsewhere = [
            Branch(found.name, found.declared.prefix)
            for found in project.components
            if found.declaration.api and not view.is_live(found.name)
        ]
        try:
            self.serve(served, {found.package: found.name for found in project.components}, elsewhere)
        except ConfigurationError as error:
            raise ConfigurationError(*error.faults, *runtime.faults) from None
        assert self.dispatcher is not None
        for branch in self.dispatcher.branches:
            if branch.component in runtime.live:
                runtime.check(runtime.live[branch.component], self.dispatcher.asked(branch))
        raise_faults([*runtime.faults, *self._undeclared(self.dispatcher)])
        runtime.link_main(asked.interface for asked in asked_by_dependencies(self.router.dependencies))
        inner = self.router.lifespan_context
        self.router.lifespan_context = cast("Lifespan[App]", lambda app: _lifespan(runtime, inner, app))
        self._runtime = runtime
        self._checked = len(self.router.routes)

    def _undeclared(self, dispatcher: Dispatcher) -> Iterator[Fault]:
        """Find what ``main.py`` asks for and does not need."""
        for interface, by in dispatcher.asked_by_main():
            if interface not in self._needs:
                what = f"{by.__name__}, which belongs to main.py, asks for {interface.__name__}"
                why = "what main.py calls is part of the graph, as what a component calls"
                yield Fault(what, place(by), why, f"write App(__package__, needs=[{interface.__name__}])")

    @staticmethod
    def _view(project: Project) -> View:
        view = view_from(os.environ, project)
        keep_out(project, view)
        return view

    @property
    def runtime(self) -> Runtime:
        """The live components and their calls, assembled when first asked for.

        Raises:
            ConfigurationError: The application has no components, or something is wrong with them.
        """
        self.assemble()
        if self._runtime is None:
            fix = "write `app = App(__package__)`, and a component.py in a folder beside it"
            raise ConfigurationError(Fault("the application has no components", fix=fix))
        return self._runtime

    def stop_being_ready(self) -> None:
        """Says on ``/-/ready`` from now on that it takes no further requests: it is about to end."""
        if self._runtime is not None:
            for live in self._runtime.live.values():
                live.ready = False

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[Caller]:
        """The interfaces outside a request: ``async with app.caller() as call: await call(Suppliers).get(1)``.

        The application's lifespan runs meanwhile, unless it does already; whoever started it ends it, after the last
        one has left.
        """
        runtime = self.runtime
        async with AsyncExitStack() as stack:
            if runtime.running:
                stack.enter_context(lifecycle.using(runtime))
            else:
                await stack.enter_async_context(self.router.lifespan_context(self))
            yield Caller(runtime)

    def serve(
        self,
        served: Sequence[Served],
        packages: Mapping[str, str] | None = None,
        elsewhere: Sequence[Branch] = (),
    ) -> None:
        """Includes what these components serve, and answers errors with problem documents from now on.

        Args:
            served: The live components, each after those it needs: their routers' lifespans nest in this order.
            packages: Every component's name by the dotted name of its package, live here or not.
            elsewhere: What other processes serve.

        Raises:
            ConfigurationError: When a route of ``main.py`` lies under a prefix, or one of a component outside its own.
        """
        faults = [] if self.dispatcher is not None else [*own_router_faults(self)]
        raise_faults([*faults, *(fault for part in served for fault in guard_faults(part.api, part.name))])
        branches: list[Branch] = []
        for part in served:
            branches += include_api(self, part.api, part.prefix, component=part.name, bind=part.bind)
        claimed = [*branches, *elsewhere]
        raise_faults([*trespassing(self, claimed), *astray(claimed)])
        self.dispatcher = Dispatcher(self)
        self.dispatcher.install(branches, elsewhere)
        self._packages = packages if packages is not None else {part.package: part.name for part in served}
        problems.install(self, self.dispatcher, self._packages)


@asynccontextmanager
async def _lifespan(runtime: Runtime, inner: Lifespan[App], app: App) -> AsyncIterator[Mapping[str, Any] | None]:
    """The components' life around that of ``main.py``, which may call them."""
    async with lifecycle.running(runtime), inner(app) as state:
        yield state
