"""What is planted in copies of the shop."""

from dataclasses import dataclass

Changes = dict[str, tuple[tuple[str | None, str], ...]]

EVERYWHERE = frozenset({"together", "wire", "apart"})
APART = frozenset({"apart"})
NOWHERE: frozenset[str] = frozenset()

PUBLIC = "shop/suppliers/public.py"
SUPPLIERS = "shop/suppliers/service.py"
ORDERS = "shop/orders/service.py"

PLACE = "tests/test_orders.py::test_place"
"""The shop's own test that places an order."""

PLANTED = "tests/test_planted.py"
"""A test that is planted too, where the shop has none that would look."""


@dataclass(frozen=True)
class Plant:
    """A patch to the shop.

    Attributes:
        name: What is planted.
        changes: For each file the old text and the new one; None for the old text of a new file.
        found: The placements whose tests fail.
        said: What the report has to say, as a regular expression.
        tests: Which tests are run.
    """

    name: str
    changes: Changes
    found: frozenset[str]
    said: str = ""
    tests: str = "tests"

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


MUTATION: Changes = {
    SUPPLIERS: (
        (
            "        await self._suppliers.add(supplier)\n",
            '        await self._suppliers.add(supplier)\n        object.__setattr__(new, "city", "Bonn")\n'
            '        object.__setattr__(new, "name", "Somebody")\n',
        ),
    )
}

# `orders` says who asks, in a context variable of its process, and `suppliers` has a look at it.
VARIABLE: Changes = {
    PUBLIC: (
        ("from typing import Annotated", "from contextvars import ContextVar\nfrom typing import Annotated"),
        (
            "class NewSupplier(Value)",
            'asking: ContextVar[str] = ContextVar("asking", default="")\n\n\nclass NewSupplier(Value)',
        ),
    ),
    ORDERS: (
        ("import Suppliers, UnknownSupplier", "import Suppliers, UnknownSupplier, asking"),
        (
            "            await self._suppliers.get(new.supplier_id)\n",
            '            asking.set("orders")\n            await self._suppliers.get(new.supplier_id)\n',
        ),
    ),
}


def looking(condition: str) -> Changes:
    """`suppliers` knows nobody where the variable fulfils a condition."""
    return VARIABLE | {
        SUPPLIERS: (
            (
                "import NewSupplier, Supplier, Suppliers, UnknownSupplier",
                "import NewSupplier, Supplier, Suppliers, UnknownSupplier, asking",
            ),
            (
                "        supplier = await self._suppliers.get(supplier_id)\n",
                f"        supplier = None if asking.get(){condition} else await self._suppliers.get(supplier_id)\n",
            ),
        )
    }


WITHOUT_ISOLATION: Changes = {
    "shop/main.py": (
        (
            "from fissile import App\n",
            "from fissile import App\nfrom fissile.transports import local\n\n"
            "local.isolated = lambda coroutine, context: coroutine\n",
        ),
    )
}

ENV: Changes = {"shop/suppliers/.env": ((None, "ORDERS__MAXIMUM_QUANTITY=5\n"),)}
ENV_FOR_ALL: Changes = {
    **ENV,
    "shop/suppliers/component.py": (
        (
            "from fissile import Component, Database, authenticated\n",
            "from pathlib import Path\n\nfrom dotenv import load_dotenv\n\n"
            "from fissile import Component, Database, authenticated\n",
        ),
        ("component = Component(", 'load_dotenv(Path(__file__).with_name(".env"))\ncomponent = Component('),
    ),
}
ENV_OF_ANOTHER: Changes = {
    **ENV,
    "shop/main.py": (
        (
            "from fissile import App\n",
            "from fissile import App\nfrom fissile.project import FoundComponent\n\n"
            'FoundComponent.env_file = property(lambda self: self.folder.parent / "suppliers" / ".env")\n',
        ),
    ),
}


def marked(method: str, before: str, file: str = PUBLIC) -> Changes:
    """A method that is marked idempotent, and is not."""
    line = f"    async def {method}("
    imported = "raises, readonly"
    return {file: ((before + line, f"{before}    @idempotent\n{line}"), (imported, f"idempotent, {imported}"))}


def city(annotation: str, imported: str = "") -> Changes:
    """Another type for the city of a supplier."""
    return {
        PUBLIC: (
            ("from typing import Annotated", "from datetime import date\nfrom typing import Annotated"),
            (
                "    id: SupplierId\n    name: Name\n    city: Name\n",
                f"    id: SupplierId\n    name: Name\n    city: {annotation}\n",
            ),
            ("from pydantic import Field", f"from pydantic import {imported}Field"),
        )
    }


PLANTS = [
    Plant("nothing", {}, NOWHERE),
    # Over a link the callee changes a copy of its own: elsewhere there is nothing to find.
    Plant(
        "a callee that mutates its argument", MUTATION, frozenset({"together"}), r"Suppliers\.add changed its argument"
    ),
    Plant("a context variable that does not leak", looking(' == "orders"'), NOWHERE),
    # What isolates a call within one process is what is broken; over a link no variable of the user's travels at all.
    Plant("a context variable that leaks", looking(' == "orders"') | WITHOUT_ISOLATION, frozenset({"together"})),
    Plant("a context variable that is meant to leak", looking(' != "orders"'), EVERYWHERE, "unknown_supplier"),
    Plant(
        "an undeclared exception",
        {PUBLIC: (("    @readonly\n    @raises(UnknownSupplier)\n", "    @readonly\n"),)},
        EVERYWHERE,
        "Suppliers.get raised UnknownSupplier, which it does not declare",
    ),
    # Only `wire` asks twice. Apart asks again when an answer is lost, as in production, and there none is.
    Plant("add marked idempotent", marked("add", '"""What may be asked of suppliers."""\n\n'), frozenset({"wire"})),
    Plant("remove marked idempotent", marked("remove", "    @raises(UnknownSupplier)\n"), frozenset({"wire"})),
    Plant("another env file that stays its own", ENV, NOWHERE),
    # Apart the environment that `suppliers` puts it into is not the one of `orders`: that is how it is meant to be.
    Plant("an env file put into the environment", ENV_FOR_ALL, frozenset({"together", "wire"})),
    Plant("another env file that is visible", ENV_OF_ANOTHER, EVERYWHERE),
    Plant(
        "a type that changes on every trip",
        city("Annotated[Name, AfterValidator(str.swapcase)]", "AfterValidator, "),
        EVERYWHERE,
    ),
    Plant(
        "a type that loses something in JSON",
        city("Annotated[Name, PlainSerializer(str.lower)]", "PlainSerializer, "),
        EVERYWHERE,
    ),
    Plant("a type that JSON cannot tell from another", city("Name | date"), EVERYWHERE),
]
