"""The project `bolts` with two processes that need each other, and ways to break one of them."""

from tests.cli.project import FILES as BOLTS

PLACEMENTS = """\
[apart]
front = ["suppliers", "reviews"]
trade = ["orders"]
"""

API = """\
import os
import signal
import time

from fastapi import APIRouter

from bolts.suppliers.public import Supplier, Suppliers
from fissile import Provided

from .public import Orders

router = APIRouter()


@router.get("/pid")
async def pid() -> int:
    return os.getpid()


@router.get("/supplier")
async def supplier(suppliers: Provided[Suppliers]) -> Supplier:
    return await suppliers.get(1)


@router.get("/die")
async def die() -> None:
    os._exit(7)


@router.get("/deaf")
async def deaf() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@router.get("/rest")
async def rest(seconds: float, orders: Provided[Orders]) -> str:
    return await orders.rest(seconds)


@router.get("/block")
async def block(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@router.get("/chat")
def chat() -> int:
    return os.write(2, (b"x" * 1023 + b"\\n") * 256)


@router.get("/step")
async def step() -> str:
    breakpoint()
    return "gone on"
"""

COMPONENT = """\
import os
import signal
from pathlib import Path

from bolts.suppliers.public import Suppliers
from fissile import Component

from .api import router
from .public import Orders
from .service import OrderService

if Path("broken").exists():
    os._exit(int(Path("broken").read_text()))
if Path("stuck").exists():
    signal.pause()

component = Component(provides={Orders: OrderService}, needs=[Suppliers], api=router)
"""

FILES = {
    **BOLTS,
    "bolts/placements.toml": PLACEMENTS,
    "bolts/orders/public.py": """\
from typing import Protocol

from fissile import Interface


class Orders(Interface, Protocol):
    async def rest(self, seconds: float) -> str: ...
""",
    "bolts/orders/service.py": """\
import asyncio

from .public import Orders


class OrderService(Orders):
    async def rest(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "rested"
""",
    "bolts/orders/api.py": API,
    "bolts/orders/component.py": COMPONENT,
    "bolts/reviews/__init__.py": "",
    "bolts/reviews/component.py": """\
from fastapi import APIRouter

from bolts.orders.public import Orders
from fissile import Component, Provided

router = APIRouter()


@router.get("/rest")
async def rest(seconds: float, orders: Provided[Orders]) -> str:
    return await orders.rest(seconds)


component = Component(needs=[Orders], api=router)
""",
}
