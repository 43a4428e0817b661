"""What is planted into `main.py`: what does not belong to every process."""

from .plants import APART, NOWHERE, PLANTED, Changes, Plant


def asking(component: str) -> Changes:
    """A component whose routes tell the terms of the shop, when they are asked for."""
    router = "router = APIRouter("
    asking = f"from shop.terms import tell\n\n{router}dependencies=[tell], "
    return {f"shop/{component}/api.py": ((router, asking),)}


def main(middleware: str = "True", handler: str = "True", override: str = "True") -> Changes:
    """A `main.py` whose parts are there under conditions; and a test that looks for them at each component."""
    return {
        **asking("users"),
        **asking("suppliers"),
        **asking("orders"),
        "shop/terms.py": (
            (
                None,
                """\
from typing import Annotated

from fastapi import Depends, HTTPException


def terms() -> str:
    return "as they were written"


def _tell(terms: Annotated[str, Depends(terms)], ask: bool = False) -> None:
    if ask:
        raise HTTPException(418, terms)


tell = Depends(_tell)
""",
            ),
        ),
        "shop/main.py": (
            (
                'from fissile import App\n\napp = App(__package__, title="Shop")\n',
                f"""\
import sys

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from fissile import App
from shop.terms import terms

app = App(__package__, title="Shop")


@app.middleware("http")
async def stamp(request, call_next):
    response = await call_next(request)
    if {middleware}:
        response.headers["x-shop"] = "open"
    return response


async def refuse(request, error):
    return JSONResponse("refused by main.py", 400)


if {handler}:
    app.add_exception_handler(RequestValidationError, refuse)
if {override}:
    app.dependency_overrides[terms] = lambda: "as main.py amends them"
""",
            ),
        ),
        PLANTED: (
            (
                None,
                """\
import pytest

every = pytest.mark.parametrize("component", ["users", "suppliers", "orders"])


@every
async def test_middleware(client, component) -> None:
    assert "open" == (await client.get(f"/{component}/1")).headers.get("x-shop")


@every
async def test_handler(client, component) -> None:
    assert "refused by main.py" == (await client.get(f"/{component}/x")).json()


@every
async def test_override(client, component) -> None:
    assert "as main.py amends them" == (await client.get(f"/{component}/1?ask=yes")).json()["detail"]
""",
            ),
        ),
    }


MAIN = [
    # What makes the next ones worth something: unless it depends on the process, each process has it.
    Plant("all of main", main(), NOWHERE, tests=PLANTED),
    Plant(
        "middleware where a component was imported",
        main(middleware='"shop.orders.api" in sys.modules'),
        APART,
        r"test_middleware\[apart-users\]",
        PLANTED,
    ),
    Plant(
        "an exception handler in some processes",
        main(handler='"sales" not in sys.argv'),
        APART,
        r"test_handler\[apart-orders\]",
        PLANTED,
    ),
    Plant(
        "an override in some processes",
        main(override='"trade" not in sys.argv'),
        APART,
        r"test_override\[apart-suppliers\]",
        PLANTED,
    ),
]
