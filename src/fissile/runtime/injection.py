"""Constructor injection by type, inside one component.

Classes register themselves: whatever a constructor of the component asks for by type is found among its interfaces,
settings, ports and session, or is a class of its own, registered the same way. The container is dishka's
(https://dishka.readthedocs.io); what it would complain about is found before it is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast, get_type_hints

from dishka import AsyncContainer, make_async_container
from dishka import Provider as Registry
from dishka import Scope as Lifetime

from ..errors import Fault, place

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from ..data import UnitOfWork


@dataclass(slots=True)
class Injection:
    """What the objects of one component are made of.

    Attributes:
        component: The component's name.
        given: What is there for the whole life of the component, by type: its stubs and its settings.
        binds: The ports of the component: the class, factory or async generator that makes each.
        data: Whether the component has a database, so that a session can be asked for.
        interfaces: Every interface of the application, by type, with the component that provides it.
    """

    component: str
    given: Mapping[type[object], object]
    binds: Mapping[type[object], Callable[..., object]]
    data: bool
    interfaces: Mapping[type[object], str]
    faults: list[Fault] = field(default_factory=list)
    _registry: Registry = field(default_factory=lambda: Registry(scope=Lifetime.REQUEST))
    _lifetimes: dict[type[object], Lifetime] = field(default_factory=dict)
    _visiting: list[type[object]] = field(default_factory=list)
    _implementations: list[type[object]] = field(default_factory=list)

    def add(self, implementation: type[object]) -> None:
        """Registers a class and everything that its constructor asks for; what cannot be found is a fault."""
        self._implementations.append(implementation)
        self._lifetime(implementation, implementation, implementation.__name__)

    def plan(self, implementation: type[object]) -> Mapping[type[object], Mapping[str, object]] | None:
        """How constructors alone make the object of a call, so that nothing has to be ended with it.

        Returns:
            Each class of which a call gets a new object, that of the service first, and what its constructor asks for,
            by name; None where something of that is made by a port's factory.
        """
        plan: dict[type[object], Mapping[str, object]] = {}

        def visit(kind: type[object]) -> bool:
            if kind in self.given or kind in self.binds:
                return False
            needed = plan[kind] = dict(self._parameters(kind))
            return all(
                hint in plan
                or self._lifetime(hint, kind, name) is Lifetime.APP
                or (isinstance(hint, type) and (is_session(hint) or visit(hint)))
                for name, hint in needed.items()
            )

        return plan if visit(implementation) else None

    def add_binds(self) -> None:
        """Registers every port, also those that nobody asks for yet, so that their faults are found."""
        for port in self.binds:
            self._lifetime(port, port, f"binds[{port.__name__}]")

    def kinds(self) -> Iterator[type[object]]:
        """What a fake can be put in the place of: settings, ports, and classes that constructors ask for."""
        yield from (kind for kind in self.given if kind not in self.interfaces)
        yield from self._lifetimes

    def with_fakes(self, fakes: Mapping[type[object], object], container: AsyncContainer) -> Injection:
        """The same with fakes; a port that is not made of any stays the one that the container without them has."""
        kept = {
            port: _kept(port, container)
            for port in self.binds
            if self._lifetimes.get(port) is Lifetime.APP and not self._rests_on(port, fakes)
        }
        given, binds = {**self.given, **fakes}, {**self.binds, **kept}
        injection = Injection(self.component, given, binds, self.data, self.interfaces)
        for implementation in self._implementations:
            injection.add(implementation)
        return injection

    def _rests_on(self, kind: object, fakes: Mapping[type[object], object]) -> bool:
        made_by = self.binds.get(cast("type[object]", kind))
        needed = [] if made_by is None else [hint for _, hint in self._parameters(made_by)]
        return kind in fakes or any(self._rests_on(hint, fakes) for hint in needed)

    def container(self) -> AsyncContainer:
        """The container of the component; its children are units of work."""
        for kind in self.given:
            self._registry.from_context(kind, scope=Lifetime.APP)
        if self.data:
            from sqlalchemy.ext.asyncio import AsyncSession

            from ..data import UnitOfWork

            self._registry.from_context(UnitOfWork, scope=Lifetime.REQUEST)
            self._registry.provide(_session(UnitOfWork, AsyncSession), scope=Lifetime.REQUEST)
        return make_async_container(self._registry, context=dict(self.given), skip_validation=True)

    def _lifetime(self, kind: object, asker: Callable[..., object], asked_by: str) -> Lifetime:
        """How long an object of this type lives, registering its type when it is first met."""
        if not isinstance(kind, type):
            self._fault(f"{asked_by} asks for {kind}", asker, "only classes are injected", "ask for a class")
            return Lifetime.APP
        if kind in self.given:
            return Lifetime.APP
        if kind in self._lifetimes:
            return self._lifetimes[kind]
        if kind in self._visiting:
            chain = " -> ".join(member.__name__ for member in [*self._visiting[self._visiting.index(kind) :], kind])
            self._fault(
                f"{chain} ask for each other", asker, "one of them would have to exist first", "break the cycle"
            )
            return Lifetime.APP
        if self.data and is_session(kind):
            return Lifetime.REQUEST
        self._visiting.append(kind)
        lifetime = self._lifetimes[kind] = self._register(kind, asker, asked_by)
        self._visiting.pop()
        return lifetime

    def _register(self, kind: type[object], asker: Callable[..., object], asked_by: str) -> Lifetime:
        source = self.binds.get(kind)
        if source is None and (why_not := self._refusal(kind)):
            why, fix = why_not
            self._fault(f"{asked_by} asks for {kind.__name__}", asker, why, fix)
            return Lifetime.APP
        made_by = source or kind
        needed = dict(self._parameters(made_by))
        title = getattr(made_by, "__name__", str(made_by))
        lifetimes = [self._lifetime(hint, made_by, f"{title}({name})") for name, hint in needed.items()]
        # What the component itself provides lives for one unit of work, a port for as long as the component.
        short = source is None or Lifetime.REQUEST in lifetimes
        lifetime = Lifetime.REQUEST if short else Lifetime.APP
        if not self.faults:
            self._registry.provide(_made(made_by, needed), provides=kind, scope=lifetime)
        return lifetime

    def _refusal(self, kind: type[object]) -> tuple[str, str] | None:
        """Why a type that nobody gives or binds cannot be made, and what to do."""
        if kind in self.interfaces:
            return (
                f"{self.component} does not say that it needs {kind.__name__} of {self.interfaces[kind]}",
                f"write needs=[{kind.__name__}] in its component.py",
            )
        if is_session(kind):
            return f"{self.component} declares no database", "write database=Database(metadata) in its component.py"
        if getattr(kind, "_is_protocol", False) or inspect.isabstract(kind):
            return "it is a port, and nothing is bound to it", f"write binds={{{kind.__name__}: ...}} in component.py"
        if kind.__module__ == "builtins":
            return "a plain type does not say which one is meant", "ask for the component's settings instead"
        return None

    def _parameters(self, made_by: Callable[..., object]) -> Iterator[tuple[str, object]]:
        """The parameters that are injected: all but those that have a default and no class to inject."""
        function = made_by.__init__ if isinstance(made_by, type) else made_by  # type: ignore[misc]  # read, not called
        if function is object.__init__ or not callable(function):
            return
        try:
            hints = get_type_hints(function)
            parameters = inspect.signature(made_by).parameters.values()
        except (NameError, TypeError, ValueError) as error:
            title = f"the constructor of {getattr(made_by, '__name__', made_by)}"
            self._fault(f"{title} cannot be read", made_by, str(error), "import the name")
            return
        for parameter in parameters:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            hint = hints.get(parameter.name)
            known = isinstance(hint, type) and (hint in self.given or hint in self.binds)
            if parameter.default is not parameter.empty and not known:
                continue
            if hint is None:
                title = f"{getattr(made_by, '__name__', made_by)}({parameter.name})"
                why = "what a constructor asks for is found by its type"
                self._fault(f"{title} has no type", made_by, why, "annotate it")
                continue
            yield parameter.name, hint

    def _fault(self, what: str, asker: Callable[..., object], why: str, fix: str) -> None:
        self.faults.append(Fault(what, place(asker), why, fix))


def is_session(kind: type[object]) -> bool:
    """Whether it is the session of a unit of work; SQLAlchemy need not be there to tell."""
    return kind.__module__.startswith("sqlalchemy.ext.asyncio") and kind.__name__ == "AsyncSession"


def _session(work_class: type[UnitOfWork], session_class: type[AsyncSession]) -> Callable[[UnitOfWork], AsyncSession]:
    def session(work: UnitOfWork) -> AsyncSession:
        return work.session()

    session.__annotations__ = {"work": work_class, "return": session_class}
    return session


def _kept(port: type[object], container: AsyncContainer) -> Callable[[], Awaitable[object]]:
    async def kept() -> object:
        return await container.get(port)

    return kept


def _made(made_by: Callable[..., object], needed: Mapping[str, object]) -> Callable[..., object]:
    """What makes the object, taking exactly the parameters that are injected."""
    if not isinstance(made_by, type):
        return made_by
    given = [name for name in inspect.signature(made_by).parameters if name in needed]
    if given == list(inspect.signature(made_by).parameters):
        return made_by

    def make(**values: object) -> object:
        return made_by(**values)

    make.__annotations__ = {**needed, "return": made_by}
    make.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # dishka reads it
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=needed[name]) for name in given]
    )
    return make
