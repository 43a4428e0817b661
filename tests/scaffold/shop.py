"""A small project, `shop`: orders, which suppliers need, and everything that refers to them."""

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

from fissile.project import find_in
from fissile.scaffold.change import Change
from fissile.scaffold.journal import carry_out

FILES: Mapping[str, str] = {
    "pyproject.toml": """\
[project]
name = "shop"  # of the project, not of a component
version = "0.1.0"

[dependency-groups]
dev = ["pytest"]
# Cards.
orders = ["stripe>=12"]  # only orders
all = [{ include-group = "dev" }, { include-group = "orders" }]

[tool.fastapi]
entrypoint = "shop.main:app"

[tool.uv]
conflicts = [[{ group = "orders" }, { group = "suppliers" }]]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
addopts = ["--import-mode=importlib"]
filterwarnings = ["error"]

[tool.ruff.lint.per-file-ignores]
"shop/orders/**" = ["D104"]
"shop/orders_archive/**" = ["D104"]
"tests/test_orders.py" = ["D103"]
""",
    ".gitignore": ".env\n.fissile/\n/shop/orders/scratch/\n",
    "Makefile": "test:\n\tpytest tests/test_orders.py shop/orders/\n\tfissile run --only orders,suppliers\n",
    "compose.yaml": """\
services:
  orders:
    command: python -m shop.orders.worker
    environment: { ORDERS__MAXIMUM: "5", PREORDERS__MAXIMUM: "6", FISSILE_PROCESS: orders }
    volumes: ["./shop/orders:/app/shop/orders", "data:/var/lib/shop/orders"]
""",
    "README.md": """\
# Shop

The orders live in [their package](shop/orders/), with [an interface](shop/orders/public.py#L1), and
`shop.orders.public` is what others import; `shop.orders_archive` and `my.shop.orders` are something else.
`ORDERS__MAXIMUM` limits orders.

    curl http://127.0.0.1:8000/orders/7
    curl https://example.com/orders/7
""",
    "shop/README.md": "Read [orders](orders/public.py) and [suppliers](suppliers/public.py), and ../shop/orders/.\n",
    "shop/__init__.py": "",
    "shop/main.py": '''\
"""The application."""

from fissile import App

app = App(__package__, title="Shop")
''',
    "shop/placements.toml": """\
[defaults]
deadline = "5s" # orders

[apart]
orders = ["orders"]
others = ["suppliers"]

[pair]
both = { components = ["orders", "suppliers"], workers = 2 }

[away]
rest = ["suppliers"]
orders = { components = [ 'orders' ], address = "http://orders:8000" }
""",
    "shop/orders/__init__.py": "",
    "shop/orders/.env": "ORDERS__MAXIMUM=7\n",
    "shop/orders/public.py": '''\
"""What others may ask of orders."""

from typing import Protocol

from fissile import Interface, Value, readonly


class Order(Value):
    """One order."""

    id: int


class Orders(Interface, Protocol):
    """Orders."""

    @readonly
    async def get(self, order_id: int) -> Order:
        """One order."""
        ...

    @readonly
    async def most(self) -> int:
        """The most that one order may ask for."""
        ...
''',
    "shop/orders/settings.py": '''\
"""Settings of orders."""

from pydantic_settings import BaseSettings


class OrderSettings(BaseSettings):
    """Read from ``ORDERS__<NAME>``."""

    maximum: int = 3
''',
    "shop/orders/service.py": '''\
"""The use cases of orders."""

from shop.orders.settings import OrderSettings

from .public import Order, Orders


class OrderService(Orders):
    """Orders, made up."""

    def __init__(self, settings: OrderSettings) -> None:
        self.settings = settings

    async def get(self, order_id: int) -> Order:
        """One order."""
        return Order(id=order_id)

    async def most(self) -> int:
        """As the settings say."""
        return self.settings.maximum
''',
    "shop/orders/api.py": '''\
"""The routes of orders."""

from fastapi import APIRouter

from fissile import Provided

from .public import Order, Orders

router = APIRouter(tags=["orders"])


@router.api_route("/{order_id}", methods=["GET", "PUT"])
async def get(order_id: int, orders: Provided[Orders]) -> Order:
    """One order."""
    return await orders.get(order_id)
''',
    "shop/orders/component.py": '''\
"""Orders."""

from fissile import Component

from .api import router
from .public import Orders
from .service import OrderService
from .settings import OrderSettings

component = Component(
    provides={Orders: OrderService},
    api=router,
    settings=OrderSettings,
)
''',
    "shop/suppliers/__init__.py": "",
    "shop/suppliers/public.py": '''\
"""What others may ask of suppliers."""

from typing import Protocol

from fissile import Interface, readonly


class Suppliers(Interface, Protocol):
    """Suppliers."""

    @readonly
    async def supplied(self, order_id: int) -> int:
        """The number of an order that was supplied."""
        ...
''',
    "shop/suppliers/service.py": '''\
"""The use cases of suppliers."""

from shop.orders.public import Orders

from .public import Suppliers


class SupplierService(Suppliers):
    """Suppliers, who supply whatever is ordered."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders

    async def supplied(self, order_id: int) -> int:
        """The number of an order that is there."""
        return (await self.orders.get(order_id)).id
''',
    "shop/suppliers/component.py": '''\
"""Suppliers."""

from fissile import Component
from shop.orders.public import Orders

from .public import Suppliers
from .service import SupplierService

component = Component(provides={Suppliers: SupplierService}, needs=[Orders])
''',
    "tests/test_orders.py": '''\
"""Orders, from outside."""

from httpx2 import AsyncClient

from fissile import Provided
from shop.orders.public import Order, Orders


async def test_get(client: AsyncClient, orders: Provided[Orders]) -> None:
    """An order is found under its number."""
    assert {"id": 7} == (await client.get("/orders/7")).json()
    assert {"id": 7} == (await client.get(f"/orders/{(await orders.get(7)).id}")).json()
    assert Order(id=8) == await orders.get(8)


async def test_most(orders: Provided[Orders]) -> None:
    """The settings count."""
    assert await orders.most() in (3, 7)
''',
    "tests/test_suppliers.py": '''\
"""Suppliers."""

from fissile import Provided
from shop.suppliers.public import Suppliers


async def test_supplied(suppliers: Provided[Suppliers]) -> None:
    """What is ordered is supplied."""
    assert 3 == await suppliers.supplied(3)
''',
}


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes files with their folders."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)


def contents(root: Path) -> dict[str, tuple[int, bytes | str]]:
    """Everything in a folder but the state: modes, bytes, and where links lead."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.partition("/")[0] in (".fissile", ".git") or "__pycache__" in name or ".pytest_cache" in name:
            continue
        mode = path.lstat().st_mode
        if path.is_symlink():
            found[name] = mode, str(path.readlink())
        else:
            found[name] = mode, path.read_bytes() if path.is_file() else b""
    return found


def rename(
    root: Path, old: str = "orders", new: str = "purchases", *, urls: bool = False, data: bool = False
) -> Change:
    """Renames a component of the project in a folder."""
    from fissile.scaffold.renaming import rename_component

    change = rename_component(find_in(root), old, new, and_urls=urls, and_data=data)
    carry_out(change)
    return change


def remove(root: Path, name: str) -> Change:
    """Removes a component of the project in a folder."""
    from fissile.scaffold.removing import remove_component

    change = remove_component(find_in(root), name)
    carry_out(change)
    return change


def differences(before: Mapping[str, str], root: Path) -> list[str]:
    """What was edited in files that are where they were: lines that went with ``-``, and that came with ``+``."""
    lines: list[str] = []
    for name, text in before.items():
        path = root / name
        if path.is_file():
            new = path.read_text().splitlines()
            found = list(unified_diff(text.splitlines(), new, n=0, lineterm=""))[2:]
            lines += [f"{line[0]}{line[1:].strip()}" for line in found if not line.startswith("@@")]
    return lines
