"""Declaring values, errors, interfaces and components, as a type checker sees it."""

from typing import Protocol, assert_type

from fastapi import APIRouter, FastAPI
from pydantic_settings import BaseSettings
from sqlalchemy import MetaData

from fissile import (
    Carried,
    Component,
    ComponentError,
    Database,
    Event,
    Interface,
    Principal,
    Value,
    anyone,
    authenticated,
    idempotent,
    raises,
    readonly,
    requires,
)


class Supplier(Value):
    """A value."""

    id: int
    name: str
    city: str = "Bergen"


class SupplierRemoved(Event):
    """An event is a value."""

    supplier_id: int


class UnknownSupplier(ComponentError):
    """No supplier has this id."""

    status = 404
    supplier_id: int


class Suppliers(Interface, Protocol):
    """With `Protocol` and `...` both checkers accept the bodies."""

    @readonly
    @raises(UnknownSupplier)
    async def get(self, supplier_id: int) -> Supplier:
        """One supplier."""
        ...

    @idempotent
    async def remove(self, supplier_id: int) -> None:
        """Forgets a supplier."""
        ...

    async def add(self, name: str, city: str = "Bergen") -> Supplier:
        """A new supplier."""
        ...


class SupplierService(Suppliers):
    """An implementation says which interface it implements."""

    def __init__(self, repository: dict[int, Supplier]) -> None:
        self.repository = repository

    async def get(self, supplier_id: int) -> Supplier:
        """One supplier."""
        if supplier_id not in self.repository:
            raise UnknownSupplier(supplier_id=supplier_id)
        return self.repository[supplier_id]

    async def remove(self, supplier_id: int) -> None:
        """Forgets a supplier."""
        self.repository.pop(supplier_id, None)

    async def add(self, name: str, city: str = "Bergen") -> Supplier:
        """A new supplier."""
        return Supplier(id=1, name=name, city=city)


class WrongService(Suppliers):
    """A method of another shape is refused where it is written."""

    async def get(self, supplier_id: str) -> Supplier:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        """One supplier."""
        return Supplier(id=1, name=supplier_id)


class SupplierSettings(BaseSettings):
    """Settings."""

    limit: int = 50


def values() -> None:
    """A value is built by keyword, checked, and never changed."""
    supplier = Supplier(id=1, name="Ada")
    assert_type(supplier.city, str)
    assert_type(SupplierRemoved(supplier_id=1).supplier_id, int)
    event: Value = SupplierRemoved(supplier_id=1)
    assert event
    Supplier(id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Supplier(id="1", name="Ada")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Supplier(id=1, name="Ada", town="Bergen")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    # Only mypy with pydantic's plugin knows that a model is frozen; at run time it is refused in any case.
    supplier.name = "Bea"  # type: ignore[misc]


def errors() -> None:
    """An error is built by keyword from its fields; `status` is not one of them."""
    error = UnknownSupplier(supplier_id=7)
    assert_type(error.supplier_id, int)
    assert_type(error.status, int)
    UnknownSupplier(7)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    UnknownSupplier(supplier=7)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    UnknownSupplier(supplier_id="7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    UnknownSupplier()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    raises(ValueError)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def methods(suppliers: Suppliers) -> None:
    """The marks leave a method's signature as it was."""
    assert_type(await suppliers.get(1), Supplier)
    assert_type(await suppliers.add("Ada", city="Oslo"), Supplier)
    await suppliers.remove(supplier_id=1)
    await suppliers.get("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await suppliers.get()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await suppliers.fetch(1)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]


def policies() -> None:
    """An ordinary router takes a policy as a dependency."""
    router = APIRouter(dependencies=[authenticated])

    @router.post("", dependencies=[requires("orders:write", "orders:read")])
    async def place() -> None: ...

    @router.get("", dependencies=[anyone])
    async def public() -> None: ...

    requires(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def carried() -> None:
    """A carried variable knows its type."""
    tenant = Carried[str]("tenant", default="")
    assert_type(tenant.get(), str)
    tenant.set("acme")
    tenant.set(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(Principal(id="ada").id, str)


def components() -> None:
    """A component takes interfaces, which are protocol classes, and a router, versions or an application."""
    Component(
        provides={Suppliers: SupplierService},
        needs=[Suppliers],
        api=APIRouter(),
        policy=authenticated,
        settings=SupplierSettings,
        database=Database(MetaData()),
        handles={SupplierRemoved: SupplierService.remove},
        prefix="/suppliers",
        id="suppliers",
    )
    Component(api={"v1": APIRouter(), "v2": APIRouter()})
    Component(api=FastAPI(), policy=requires("suppliers:read"))
    Component(provide={Suppliers: SupplierService})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Component(needs=["suppliers"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    Component(settings=SupplierSettings())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Component(APIRouter())  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
