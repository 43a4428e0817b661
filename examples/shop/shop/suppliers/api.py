"""The suppliers over HTTP."""

from fastapi import APIRouter

from fissile import Provided, requires
from shop.paging import Cursor, Limit, Page, page_of

from .public import NewSupplier, Supplier, SupplierId, Suppliers

router = APIRouter(tags=["suppliers"])


@router.post("", status_code=201, dependencies=[requires("suppliers:write")])
async def add_supplier(new: NewSupplier, suppliers: Provided[Suppliers]) -> Supplier:
    """Add a supplier."""
    return await suppliers.add(new)


@router.get("")
async def list_suppliers(suppliers: Provided[Suppliers], cursor: Cursor, limit: Limit = 50) -> Page[Supplier]:
    """All suppliers, page by page."""
    return page_of(await suppliers.page(after=cursor, limit=limit + 1), limit)


@router.get("/{supplier_id}")
async def get_supplier(supplier_id: SupplierId, suppliers: Provided[Suppliers]) -> Supplier:
    """One supplier."""
    return await suppliers.get(supplier_id)


@router.delete("/{supplier_id}", status_code=204, dependencies=[requires("suppliers:write")])
async def remove_supplier(supplier_id: SupplierId, suppliers: Provided[Suppliers]) -> None:
    """Buy from this supplier no longer."""
    await suppliers.remove(supplier_id)
