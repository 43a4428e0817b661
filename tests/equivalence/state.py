"""What is planted into modules: state that several processes do not share."""

from .plants import APART, ORDERS, PLACE, PLANTED, PUBLIC, SUPPLIERS, Changes, Plant


def remembering(module: str) -> Changes:
    """`suppliers` remembers its suppliers in a module."""
    return {
        SUPPLIERS: (
            ("Suppliers, UnknownSupplier\n", f"Suppliers, UnknownSupplier\nfrom {module} import known\n"),
            (
                "        await self._suppliers.add(supplier)\n",
                "        await self._suppliers.add(supplier)\n        known.add(supplier.id)\n",
            ),
            (
                "            await self._suppliers.remove(await self._known(supplier_id))\n",
                "            await self._suppliers.remove(await self._known(supplier_id))\n"
                "            known.discard(supplier_id)\n",
            ),
        ),
    }


def looking_up(module: str) -> Changes:
    """`orders` has a look at what `suppliers` remembers, besides asking."""
    return {
        **remembering(module),
        ORDERS: (
            ("Suppliers, UnknownSupplier\n", f"Suppliers, UnknownSupplier\nfrom {module} import known\n"),
            (
                "            await self._suppliers.get(new.supplier_id)\n",
                "            await self._suppliers.get(new.supplier_id)\n"
                "            if new.supplier_id not in known:\n"
                "                raise UnknownSupplier(supplier_id=new.supplier_id)\n",
            ),
        ),
    }


IN_PUBLIC: Changes = {
    **looking_up("shop.suppliers.public"),
    PUBLIC: (("class NewSupplier(Value)", "known: set[int] = set()\n\n\nclass NewSupplier(Value)"),),
}

# In the default of a context variable, which every context shares.
IN_A_DEFAULT: Changes = {
    **looking_up("shop.suppliers.public"),
    PUBLIC: (
        ("from typing import Annotated", "from contextvars import ContextVar\nfrom typing import Annotated"),
        (
            "class NewSupplier(Value)",
            'known: set[int] = ContextVar("known", default=set[int]()).get()\n\n\nclass NewSupplier(Value)',
        ),
    ),
}

KNOWN: Changes = {"shop/shared.py": ((None, "known: set[int] = set()\n"),)}
OF_COMPONENTS: Changes = {**looking_up("shop.shared"), **KNOWN}
OF_MAIN: Changes = {
    **remembering("shop.shared"),
    **KNOWN,
    "shop/main.py": (
        (
            'app = App(__package__, title="Shop")\n',
            """\
from shop.shared import known

app = App(__package__, title="Shop")


@app.get("/known")
async def count() -> int:
    return len(known)
""",
        ),
    ),
    PLANTED: (
        (
            None,
            """\
async def test_main_counts(client) -> None:
    await client.post("/suppliers", json={"name": "Acme", "city": "Bonn"})
    assert 1 == (await client.get("/known")).json()
""",
        ),
    ),
}

# A cache that is kept in order, as long as all who change something share it.
CACHE: Changes = {
    "shop/placements.toml": (('trade = ["suppliers"]', 'trade = { components = ["suppliers"], workers = 2 }'),),
    SUPPLIERS: (
        ("class SupplierService", "cache: dict[int, Supplier] = {}\n\n\nclass SupplierService"),
        (
            "        return _to_public(await self._known(supplier_id))\n",
            "        if supplier_id not in cache:\n"
            "            cache[supplier_id] = _to_public(await self._known(supplier_id))\n"
            "        return cache[supplier_id]\n",
        ),
        (
            "            await self._suppliers.remove(await self._known(supplier_id))\n",
            "            await self._suppliers.remove(await self._known(supplier_id))\n"
            "            cache.pop(supplier_id, None)\n",
        ),
    ),
    PLANTED: (
        (
            None,
            """\
async def test_what_is_gone(client) -> None:
    await client.post("/suppliers", json={"name": "Acme", "city": "Bonn"})
    before = [(await client.get("/suppliers/1")).status_code for _ in range(2)]
    await client.delete("/suppliers/1")
    assert [200, 200, 404, 404] == [*before, *[(await client.get("/suppliers/1")).status_code for _ in range(2)]]
""",
        ),
    ),
}

STATE = [
    Plant("module state that components share", IN_PUBLIC, APART),
    Plant("a default that all contexts share", IN_A_DEFAULT, APART),
    Plant("a module in which components remember", OF_COMPONENTS, APART, tests=PLACE),
    Plant("a module in which main remembers", OF_MAIN, APART, tests=PLANTED),
    Plant("a cache that workers do not share", CACHE, APART, tests=PLANTED),
]
