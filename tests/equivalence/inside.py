"""What is planted into `orders` and `main.py`: the inside of another component, which is there where both are live."""

from textwrap import indent

from .plants import APART, ORDERS, PLACE, SUPPLIERS, Changes, Plant

SERVICE = "from shop.suppliers.service import SupplierService\n"
SERVICE_IF_THERE = f"try:\n    {SERVICE}except ImportError:\n    SupplierService = None\n"
SERVICE_REFUSED = r"shop\.suppliers\.service is inside the component suppliers, which does not live in this process"


def orders(first: str = "", placing: str = "") -> Changes:
    """`orders` begins with something, and does something before each order."""
    domain, ask = "from . import domain\n", "            await self._suppliers.get(new.supplier_id)\n"
    return {ORDERS: ((domain, f"{first}{domain}"), (ask, f"{indent(placing, ' ' * 12)}{ask}"))}


# Nothing is imported: what others have imported is used.
WHERE_IT_WAS_IMPORTED: Changes = {
    **orders(
        "import sys\n\n",
        'inside = sys.modules.get("shop.suppliers.service")\nself._maximum = inside.maximum if inside else 1\n',
    ),
    SUPPLIERS: (("class SupplierService", "maximum = 1_000\n\n\nclass SupplierService"),),
}

INSIDE = [
    Plant("the inside of another component", orders(SERVICE), APART, SERVICE_REFUSED, PLACE),
    Plant("the inside if it is there", orders(SERVICE_IF_THERE), APART, SERVICE_REFUSED, PLACE),
    Plant("the inside in a function", orders(placing=SERVICE), APART, SERVICE_REFUSED, PLACE),
    Plant("the inside in a function if it is there", orders(placing=SERVICE_IF_THERE), APART, SERVICE_REFUSED, PLACE),
    Plant("the inside where it was imported", WHERE_IT_WAS_IMPORTED, APART, "quantity_too_large|KeyError", PLACE),
    Plant(
        "main that imports the inside of a component",
        {"shop/main.py": (("\napp = App", "from shop.orders.domain import QuantityTooLarge\n\napp = App"),)},
        APART,
        r"shop\.orders\.domain is inside the component orders, which does not live in this process",
        PLACE,
    ),
]
