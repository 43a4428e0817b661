"""All combinations of the steps of a component: 240, and each on SQLite and on PostgreSQL; 40 share a project."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from fissile.project import find_in
from fissile.scaffold.adding import add_component
from fissile.scaffold.calls import add_call
from fissile.scaffold.change import Change
from fissile.scaffold.entities import read_entity
from fissile.scaffold.journal import carry_out
from fissile.scaffold.renaming import rename_component
from fissile.scaffold.routers import add_router
from fissile.scaffold.versions import add_version
from tests.scaffold.test_variants import ADMIN, admin, database, name, workshop
from tests.scaffold.workshop import Workshop

__all__ = ["admin", "name", "workshop"]  # fixtures

pytestmark = pytest.mark.soak

ENTITIES = (
    None,
    "Order: item=str",
    "PurchaseOrder: item=str count=int price=Decimal due=date at=datetime key=UUID ok=bool ratio=float",
)
RENAMES = (None, (False, False), (True, False), (False, True), (True, True))


def steps(root: Path, entity: str | None, *, layers: bool) -> Iterator[Change]:
    """A component for each combination of what can be done to one; each step is of the project as it is then."""
    yield add_component(find_in(root), "suppliers")
    for number, (router, version, call, rename) in enumerate(
        product((False, True), (False, True), (False, True), RENAMES)
    ):
        one = f"part{number}"
        yield add_component(find_in(root), one, read_entity(entity) if entity else None, layers=layers)
        if router:
            yield add_router(find_in(root), one, "refunds")
        if version:
            yield add_version(find_in(root), one, "v2")
        if call:
            yield add_call(find_in(root), one, "suppliers")
        if rename:
            urls, data = rename
            yield rename_component(find_in(root), one, f"renamed{number}", and_urls=urls, and_data=data)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: (entity or "none").partition(":")[0])
@pytest.mark.parametrize("layers", [False, True], ids=["modules", "layers"])
def test_all_steps(workshop: Workshop, admin: URL, name: str, kind: str, entity: str | None, *, layers: bool) -> None:
    """The project is checked, tested, migrated and answers."""
    if kind == "postgresql":
        variable, url = database(admin, name, "large")
        workshop.variables = {**workshop.variables, variable: url.render_as_string(hide_password=False)}
    workshop.type(f"fissile new {name} --shape large --database {kind} > /dev/null 2>&1")
    workshop.folder /= name
    for change in steps(workshop.folder, entity, layers=layers):
        carry_out(change)
    workshop.type("make setup check")
    workshop.type("make test")
    if kind == "postgresql":
        workshop.type(f"uv run fissile db provision --admin-url {ADMIN} > /dev/null 2>&1")
    workshop.type("uv run fissile db upgrade")
    workshop.type("uv run fissile db check")
    workshop.ask("/docs", "/notes", "/part0", "/part35", "/suppliers")
