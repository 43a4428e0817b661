"""The service of suppliers."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, HTTPException, Path
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from .database import Base, Session, lifespan

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class SupplierRow(Base):
    """The table."""

    __tablename__ = "suppliers"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(200))


class NewSupplier(BaseModel):
    """A supplier to be added."""

    name: Name
    city: Name


class Supplier(BaseModel):
    """Somebody from whom the shop buys."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    city: str


app = FastAPI(title="Suppliers", lifespan=lifespan)


@app.post("/suppliers", status_code=201, response_model=Supplier)
async def add_supplier(new: NewSupplier, session: Session) -> SupplierRow:
    """Add a supplier."""
    supplier = SupplierRow(name=new.name, city=new.city)
    session.add(supplier)
    await session.commit()
    return supplier


@app.get("/suppliers/{supplier_id}", response_model=Supplier)
async def get_supplier(supplier_id: Annotated[int, Path(ge=0, lt=2**63)], session: Session) -> SupplierRow:
    """One supplier."""
    supplier = await session.get(SupplierRow, supplier_id)
    if supplier is None:
        raise HTTPException(404, "No supplier has this id.")
    return supplier
