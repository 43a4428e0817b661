"""The service of orders, which asks the service of suppliers over HTTP.

``HTTP_CLIENT`` says by which library: ``httpx`` or ``httpx2``, which have the same interface.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from . import database
from .database import Base, Session

if TYPE_CHECKING:
    import httpx
else:
    httpx = import_module(os.environ["HTTP_CLIENT"])

MAXIMUM_QUANTITY = 1_000
DEADLINE = 5.0
"""Seconds, as a call of a component has."""

Id = Annotated[int, Field(ge=0, lt=2**63)]


class OrderRow(Base):
    """The table."""

    __tablename__ = "orders"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    supplier_id: Mapped[int] = mapped_column(BigInteger, index=True)
    item: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))


class NewOrder(BaseModel):
    """An order to be placed."""

    supplier_id: Id
    item: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    quantity: Annotated[int, Field(ge=1, lt=2**31)]


class Order(BaseModel):
    """What the shop ordered from a supplier."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    supplier_id: int
    item: str
    quantity: int
    status: Literal["open", "cancelled"]


class Supplier(BaseModel):
    """What the service of suppliers answers."""

    id: int
    name: str
    city: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens the database and the one client that all requests share."""
    transport = httpx.AsyncHTTPTransport(uds=os.environ["SUPPLIERS_SOCKET"])
    async with (
        database.lifespan(app),
        httpx.AsyncClient(transport=transport, base_url="http://suppliers", timeout=DEADLINE) as client,
    ):
        app.state.client = client
        yield


app = FastAPI(title="Orders", lifespan=lifespan)


def _client(request: Request) -> httpx.AsyncClient:
    client: httpx.AsyncClient = request.app.state.client
    return client


async def _supplier(client: httpx.AsyncClient, supplier_id: int) -> Supplier:
    try:
        response = await client.get(f"/suppliers/{supplier_id}")
    except httpx.TimeoutException as error:
        raise HTTPException(504, "The suppliers did not answer in time.") from error
    except httpx.TransportError as error:
        raise HTTPException(503, "The suppliers are away.", {"Retry-After": "1"}) from error
    if response.status_code == 404:
        raise HTTPException(422, "The order names a supplier that does not exist.")
    response.raise_for_status()
    return Supplier.model_validate_json(response.content)


@app.post("/orders", status_code=201, response_model=Order)
async def place_order(
    new: NewOrder, session: Session, client: Annotated[httpx.AsyncClient, Depends(_client)]
) -> OrderRow:
    """Order something from a supplier."""
    await _supplier(client, new.supplier_id)
    if new.quantity > MAXIMUM_QUANTITY:
        raise HTTPException(422, "The shop does not order so much at once.")
    order = OrderRow(supplier_id=new.supplier_id, item=new.item, quantity=new.quantity, status="open")
    session.add(order)
    await session.commit()
    return order


@app.get("/orders/{order_id}", response_model=Order)
async def get_order(order_id: Annotated[int, Path(ge=0, lt=2**63)], session: Session) -> OrderRow:
    """One order."""
    order = await session.get(OrderRow, order_id)
    if order is None:
        raise HTTPException(404, "No order has this id.")
    return order
