"""A small project, `bolts`: one component that answers, waits, streams and fails, and one that needs it."""

FILES = {
    "pyproject.toml": '[tool.fastapi]\nentrypoint = "bolts.main:app"\n',
    "bolts/__init__.py": "",
    "bolts/main.py": """\
from fissile import App

app = App(__package__, title="Bolts")
""",
    "bolts/suppliers/__init__.py": "",
    "bolts/suppliers/public.py": """\
from decimal import Decimal
from typing import Protocol

from fissile import ComponentError, Interface, Value, raises, readonly


class Supplier(Value):
    id: int
    name: str


class UnknownSupplier(ComponentError):
    \"\"\"No supplier has this id.\"\"\"

    status = 404
    supplier_id: int


class Suppliers(Interface, Protocol):
    \"\"\"What may be asked of suppliers.\"\"\"

    @readonly
    @raises(UnknownSupplier)
    async def get(self, supplier_id: int) -> Supplier:
        \"\"\"One supplier.\"\"\"
        ...

    async def add(self, supplier: Supplier, rating: Decimal = Decimal("1.0"), note: str | None = None) -> str: ...

    async def fail(self) -> None: ...

    async def never(self) -> None: ...
""",
    "bolts/suppliers/service.py": """\
import asyncio
from decimal import Decimal

from .public import Supplier, Suppliers, UnknownSupplier


class SupplierService(Suppliers):
    async def get(self, supplier_id: int) -> Supplier:
        if supplier_id != 1:
            raise UnknownSupplier(supplier_id=supplier_id)
        return Supplier(id=1, name="Ada's bölts")

    async def add(self, supplier: Supplier, rating: Decimal = Decimal("1.0"), note: str | None = None) -> str:
        return f"{supplier.name} {rating} {note!r}"

    async def fail(self) -> None:
        raise ZeroDivisionError("of the user's own")

    async def never(self) -> None:
        await asyncio.Event().wait()
""",
    "bolts/suppliers/api.py": """\
import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from fissile import Provided

from .public import Supplier, Suppliers

router = APIRouter()


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


@router.get("/pid")
async def pid() -> int:
    return os.getpid()


@router.get("/slow")
async def slow() -> str:
    say("slow has begun")
    while not Path("go").exists():
        await asyncio.sleep(0.01)
    return "done"


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def ticks() -> AsyncIterator[bytes]:
        while True:
            yield b"tick\\n"
            await asyncio.sleep(0.05)

    return StreamingResponse(ticks())


@router.get("/stubborn")
async def stubborn() -> None:
    say("stubborn has begun")
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass


@router.get("/{supplier_id}")
async def get(supplier_id: int, suppliers: Provided[Suppliers]) -> Supplier:
    return await suppliers.get(supplier_id)
""",
    "bolts/suppliers/component.py": """\
from fissile import Component

from .api import router
from .public import Suppliers
from .service import SupplierService

component = Component(provides={Suppliers: SupplierService}, api=router)
""",
    "bolts/orders/__init__.py": "",
    "bolts/orders/component.py": """\
from bolts.suppliers.public import Suppliers
from fissile import Component

component = Component(needs=[Suppliers], prefix="/purchase/orders")
""",
}
