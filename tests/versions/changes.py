"""What the next version of the shop changes: texts of its files, each with what takes its place."""

from collections.abc import Mapping

Changes = Mapping[str, tuple[tuple[str, str], ...]]

ADDED: Changes = {
    "shop/suppliers/public.py": (
        (
            '    """A supplier to be added."""\n\n    name: Name\n    city: Name\n',
            '    """A supplier to be added."""\n\n    name: Name\n    city: Name\n    country: Name = "Germany"\n',
        ),
        (
            "    id: SupplierId\n    name: Name\n    city: Name\n",
            '    id: SupplierId\n    name: Name\n    city: Name\n    country: Name = "Germany"\n',
        ),
        (
            "    async def get(self, supplier_id: SupplierId) -> Supplier:\n",
            "    async def get(self, supplier_id: SupplierId, country: Name | None = None) -> Supplier:\n",
        ),
        (
            "    @raises(UnknownSupplier)\n    async def remove(",
            '    @readonly\n    async def count(self) -> int:\n        """How many there are."""\n        ...\n\n'
            "    @raises(UnknownSupplier)\n    async def remove(",
        ),
    ),
    "shop/suppliers/domain.py": (("    city: str\n", "    city: str\n    country: str\n"),),
    "shop/suppliers/db.py": (
        (
            '    Column("city", String(200), nullable=False),\n',
            '    Column("city", String(200), nullable=False),\n'
            '    Column("country", String(200), nullable=False, server_default="Germany"),\n',
        ),
    ),
    "shop/suppliers/service.py": (
        ("domain.Supplier(new.name, new.city)", "domain.Supplier(new.name, new.city, new.country)"),
        ("city=supplier.city)", "city=supplier.city, country=supplier.country)"),
        (
            "    async def get(self, supplier_id: int) -> Supplier:\n"
            '        """One supplier."""\n'
            "        return _to_public(await self._known(supplier_id))\n",
            "    async def get(self, supplier_id: int, country: str | None = None) -> Supplier:\n"
            '        """One supplier, in a country."""\n'
            "        supplier = await self._known(supplier_id)\n"
            "        if country not in (None, supplier.country):\n"
            "            raise UnknownSupplier(supplier_id=supplier_id)\n"
            "        return _to_public(supplier)\n\n"
            "    async def count(self) -> int:\n"
            '        """How many there are."""\n'
            "        return len((await self._suppliers.list(limit=1_000)).items)\n",
        ),
    ),
    # Who asks over HTTP sees no change.
    "shop/suppliers/api.py": (
        ('"", status_code=201, ', '"", status_code=201, response_model_exclude={"country"}, '),
        ('@router.get("")', '@router.get("", response_model_exclude={"items": {"__all__": {"country"}}})'),
        ('@router.get("/{supplier_id}")', '@router.get("/{supplier_id}", response_model_exclude={"country"})'),
    ),
    "tests/test_orders.py": (
        (
            '    """Suppliers that cannot be asked."""\n\n    async def get(self, supplier_id: int) -> Supplier:\n',
            '    """Suppliers that cannot be asked."""\n\n'
            "    async def get(self, supplier_id: int, country: str | None = None) -> Supplier:\n",
        ),
    ),
    "tests/test_suppliers.py": (("[acme.model_dump()]", '[acme.model_dump(exclude={"country"})]'),),
    "shop/orders/service.py": (
        (
            "            await self._suppliers.get(new.supplier_id)\n",
            '            supplier = await self._suppliers.get(new.supplier_id, country="Germany")\n'
            '            if supplier.country != "Germany":\n'
            "                raise NoSuchSupplier(supplier_id=new.supplier_id)\n",
        ),
    ),
    "shop/orders/api.py": (
        ("import SupplierId\n", "import SupplierId, Suppliers\n"),
        (
            '@router.get("/{order_id}")\n',
            '@router.get("/suppliers/count")\nasync def count_suppliers(suppliers: Provided[Suppliers]) -> int:\n'
            '    """How many there are to order from."""\n    return await suppliers.count()\n\n\n'
            '@router.get("/{order_id}")\n',
        ),
    ),
}
"""A field of an argument, one of a result, an optional parameter and a method, all used by orders."""

REQUIRED: Changes = {
    "shop/suppliers/public.py": (
        ("async def get(self, supplier_id: SupplierId)", "async def get(self, supplier_id: SupplierId, reason: Name)"),
    ),
    "shop/suppliers/service.py": (
        ("async def get(self, supplier_id: int)", "async def get(self, supplier_id: int, reason: str)"),
    ),
    "shop/suppliers/api.py": (("await suppliers.get(supplier_id)", 'await suppliers.get(supplier_id, "to show it")'),),
}
"""A parameter that callers of the version before do not send."""
