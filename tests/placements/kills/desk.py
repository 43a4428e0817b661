"""Two components beside the shop's, which tell and record whether a call ran: `desk` calls, `books` records."""

PLACEMENTS = """\
[defaults]
deadline = "2s"

[apart]
people = ["users"]
trade = { components = ["suppliers", "books"], workers = 2 }
sales = ["orders", "desk"]
"""

ENTRIES = "entries.txt"
"""The file of what ran, a key a line, in the working directory."""

FILES = {
    "shop/placements.toml": PLACEMENTS,
    "shop/books/__init__.py": "",
    "shop/books/public.py": """\
from typing import Protocol

from fissile import Interface


class Books(Interface, Protocol):
    async def record(self, key: str) -> str: ...
""",
    "shop/books/component.py": f"""\
import asyncio
import os

from fissile import Component

from .public import Books


class BookKeeper(Books):
    async def record(self, key: str) -> str:
        file = os.open("{ENTRIES}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{{key}}\\n".encode())  # one write is whole, whoever is killed
        os.close(file)
        await asyncio.sleep(0.01)  # so that a kill meets calls that have run and are not answered
        return key


component = Component(provides={{Books: BookKeeper}})
""",
    "shop/desk/__init__.py": "",
    "shop/desk/component.py": """\
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from fissile import CallError, Component, Provided
from shop.books.public import Books

router = APIRouter()


@router.post("/{key}", status_code=201, response_model=None)
async def record(key: str, books: Provided[Books]) -> str | JSONResponse:
    try:
        return await books.record(key)
    except CallError as error:
        told = {"status": error.status, "code": error.code, "may_have_run": error.may_have_run}
        return JSONResponse(told, error.status, {"Retry-After": "1"}, media_type="application/problem+json")


component = Component(needs=[Books], api=router)
""",
}
