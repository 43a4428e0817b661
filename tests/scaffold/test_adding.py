"""Components that are added: whole, in order, and nothing of the user's is overwritten."""

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fissile.errors import ConfigurationError, WrongUsage
from fissile.project import Project, find_in
from fissile.scaffold.adding import add_component, component_files
from fissile.scaffold.change import Change, Write
from fissile.scaffold.entities import KINDS, read_entity
from fissile.scaffold.journal import carry_out
from fissile.scaffold.new import Wish, new_project
from tests.scaffold.shop import contents

ORDER = read_entity("Order: item=str quantity=int price=Decimal")


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A project with components."""
    carry_out(new_project(tmp_path, Wish("shop", "large")))
    return find_in(tmp_path / "shop")


def paths(change: Change) -> list[str]:
    """What it writes."""
    return [done["path"] for done in change.done()]


def test_modules(shop: Project) -> None:
    """A component with an entity has a module for each layer, a migration and a test."""
    expected = ["__init__", "api", "component", "db", "domain", "migrations/0001_start", "public", "service"]
    assert [*(f"shop/orders/{name}.py" for name in expected), "tests/test_orders.py"] == paths(
        add_component(shop, "orders", ORDER)
    )


def test_layers(shop: Project) -> None:
    """With layers each of them is a folder, the migrations in that of the database."""
    written = set(paths(add_component(shop, "orders", ORDER, layers=True)))
    for layer in ("api", "db", "domain", "service"):
        assert {f"shop/orders/{layer}/__init__.py", f"shop/orders/{layer}/orders.py"} <= written
    assert "shop/orders/db/migrations/0001_start.py" in written
    assert {"shop/orders/public.py", "shop/orders/component.py"} <= written


def test_found_afterwards(shop: Project) -> None:
    """What is added is a component of the project, with the entity's interface and a database."""
    carry_out(add_component(shop, "purchase_orders", read_entity("PurchaseOrder: item=str")))
    found = find_in(shop.root).component("purchase_orders")
    assert ("/purchase-orders", ("shop.purchase_orders.public.PurchaseOrders",), True) == (
        found.declared.prefix,
        found.declared.provides,
        found.declaration.database,
    )
    assert () == find_in(shop.root).faults()


@pytest.mark.parametrize("name", ["notes", "a b", "class", "../x", "paging", "main"])
def test_bad_names(shop: Project, name: str) -> None:
    """A bad name, or one that is there, is refused."""
    with pytest.raises(WrongUsage):
        add_component(shop, name)


def test_no_package(tmp_path: Path) -> None:
    """An application that is one module has no place for components, and is told what has."""
    (tmp_path / "main.py").write_text("from fissile import App\n\napp = App()\n")
    with pytest.raises(ConfigurationError, match="there is no package for components"):
        add_component(find_in(tmp_path), "orders")


@pytest.mark.parametrize("layers", [False, True])
def test_nothing_is_overwritten(shop: Project, *, layers: bool) -> None:
    """Whatever is in the way is left alone, and nothing else is written."""
    change = add_component(shop, "orders", ORDER, layers=layers)
    for step in change.steps:
        assert isinstance(step, Write)
        made = [parent for parent in (step.path, *step.path.parents) if not parent.exists()]
        step.path.parent.mkdir(parents=True, exist_ok=True)
        step.path.write_text("mine")
        before = contents(shop.root)
        with pytest.raises(ConfigurationError, match="it is there already"):
            carry_out(change)
        assert before == contents(shop.root)
        step.path.unlink()
        for folder in made[1:]:
            folder.rmdir()
    carry_out(change)


def test_foreign_paging(shop: Project) -> None:
    """A module of the user's that is called as ours would be is not taken for it."""
    (shop.folder / "paging.py").write_text("x = 1\n")
    with pytest.raises(ConfigurationError, match="paging has no Cursor, Limit, Page, page_of"):
        add_component(shop, "orders", ORDER)


def test_paging_where_there_is_none(shop: Project) -> None:
    """A project that has never listed anything gets the module that cuts lists into pages."""
    (shop.folder / "paging.py").unlink()
    assert "shop/paging.py" in paths(add_component(shop, "orders", ORDER))
    assert "shop/paging.py" not in paths(add_component(shop, "orders"))


def test_revisions_have_ids_of_their_own(shop: Project) -> None:
    """Two components do not share the id of a revision."""
    texts = [
        step.after
        for name in ("orders", "parts")
        for step in add_component(shop, name, ORDER).steps
        if isinstance(step, Write) and step.path.name == "0001_start.py"
    ]
    first, second = [next(line for line in text.splitlines() if line.startswith(b"revision")) for text in texts]
    assert first != second


FIELDS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{2,20}[a-z]", fullmatch=True), st.sampled_from(list(KINDS)), min_size=1, max_size=8
)
ENTITIES = st.from_regex(r"[A-Z][a-z]{2,10}([A-Z][a-z]{2,8})?", fullmatch=True)
NAMES = st.from_regex(r"[a-z]{2,8}(_[a-z]{2,8})?", fullmatch=True)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES, ENTITIES, FIELDS, st.booleans())
def test_any_entity(shop: Project, name: str, entity: str, fields: dict[str, str], layers: bool) -> None:
    """Whatever its fields are called, its files are Python that a linter has nothing to say about."""
    written = f"{entity}: {' '.join(f'{field}={kind}' for field, kind in fields.items())}"
    try:
        change = add_component(shop, name, read_entity(written), layers=layers)
    except WrongUsage:
        return  # a word that is taken
    for step in change.steps:
        assert isinstance(step, Write)
        ast.parse(step.after)
        words = ["ruff", "check", "--output-format", "json", "--stdin-filename", str(step.path), "--ignore", "I", "-"]
        done = subprocess.run(
            [sys.executable, "-m", *words], input=step.after, capture_output=True, check=False, cwd=shop.root
        )
        assert [] == json.loads(done.stdout), (written, step.path, step.after.decode())


WORDS = {
    "": ["hello", "name", "value", "interface", "provided", "greet", "greeter", "greetings", "notes", "async_client"],
    "Order: item=str price=Decimal due=date at=datetime": [
        *("page", "cursor", "limit", "text", "field", "database", "decimal", "date", "domain", "notebook", "pytest"),
        *("range", "tuple", "order", "order_id", "new_order", "unknown_order", "order_service", "order_repository"),
    ],
    "Note: note=str notes=str text=str sample=str order=int orders=int greetings=UUID": ["order", "orders", "notes"],
}

AT_WORK = {"hello", "greet", "page", "date", "pytest", "range", "order_id", "order_service", "orders"}
"""Those of them that could be well written and do the wrong thing."""


@pytest.mark.parametrize(("written", "name"), [(written, name) for written, names in WORDS.items() for name in names])
def test_words_of_the_code_itself(written: str, name: str) -> None:
    """A component can be called like something that its code uses: each name stands for one thing."""
    for path, text in component_files("shop", name, read_entity(written) if written else None).items():
        tree = ast.parse(text)
        compile(tree, str(path), "exec")
        assert [] == [name for name, times in Counter(bound(tree)).items() if times > 1], path


@pytest.mark.acceptance
def test_words_of_the_code_itself_at_work(shop: Project) -> None:
    """Components that are called so pass the checks and the tests that they came with, all in one project."""
    chosen = [(written, name) for written, names in WORDS.items() for name in names if name in AT_WORK]
    for at, (written, name) in enumerate(chosen):
        kept = read_entity(written) if written else None
        carry_out(add_component(find_in(shop.root), name, kept, layers=at % 2 == 0))
    for words in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy", "."], ["pytest", "-q"]):
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=shop.root, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stdout + done.stderr


def bound(tree: ast.Module) -> list[str]:
    """The names that a module imports or defines."""
    names: list[str] = []
    for statement in tree.body:
        match statement:
            case ast.ImportFrom(names=imported):
                names += [each.asname or each.name for each in imported]
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.Assign(targets=[ast.Name(name)]):
                names.append(name)
            case _:
                pass
    return names


@pytest.mark.parametrize("layers", [False, True])
def test_the_longest_names(shop: Project, *, layers: bool) -> None:
    """However long the names are, no line is too long."""
    entity = read_entity(f"B{'b' * 30}: {'c' * 31}=Decimal {'d' * 31}=datetime")
    for kept in (None, entity):
        for step in add_component(shop, "a" * 31, kept, layers=layers).steps:
            assert isinstance(step, Write)
            assert [] == [line for line in step.after.decode().splitlines() if len(line) > 120]


@pytest.mark.parametrize(
    ("name", "declared", "why"),
    [
        ("memos", 'id="memos"', "notes has this id, under which its data is kept"),
        ("my_memos", 'prefix="/my-memos"', "notes has the prefix /my-memos"),
        ("docs", "", "/docs is FastAPI's own page"),
        ("redoc", "", "/redoc is FastAPI's own page"),
    ],
)
def test_what_others_have(shop: Project, name: str, declared: str, why: str) -> None:
    """A name is also an id and a prefix, which nobody else may have."""
    file = shop.folder / "notes" / "component.py"
    file.write_text(
        file.read_text().replace("    api=router,\n", f"    api=router,\n    {declared},\n".replace("    ,\n", ""))
    )
    with pytest.raises(WrongUsage) as refused:
        add_component(find_in(shop.root), name, ORDER)
    assert [why] == [fault.why for fault in refused.value.faults]


def test_a_component_called_paging(tmp_path: Path) -> None:
    """It would be where the module is that cuts lists into pages, also before there is one."""
    carry_out(new_project(tmp_path, Wish("shop", "large")))
    (tmp_path / "shop/shop/paging.py").unlink()
    with pytest.raises(WrongUsage, match="cuts lists into pages"):
        add_component(find_in(tmp_path / "shop"), "paging", ORDER)


def test_nothing_is_written_through_a_link(shop: Project, tmp_path: Path) -> None:
    """A folder of tests that is elsewhere stays as it is."""
    elsewhere = tmp_path / "elsewhere"
    (shop.root / "tests").rename(elsewhere)
    (shop.root / "tests").symlink_to(elsewhere)
    before = contents(shop.root), contents(elsewhere)
    with pytest.raises(ConfigurationError, match="it leads out of the project"):
        carry_out(add_component(shop, "orders", ORDER))
    assert before == (contents(shop.root), contents(elsewhere))


APPLICATIONS = [
    ("from fissile import App\n\napp = App()\n", "app is an App without components"),
    ("import fissile\n\napp = fissile.App(title='Shop')\n", "app is an App without components"),
    ("from fastapi import FastAPI\n\napp = FastAPI()\n", "app is a FastAPI, and no App"),
    ("import fastapi\n\napp: fastapi.FastAPI = fastapi.FastAPI()\n", "app is a FastAPI, and no App"),
    ("app = App(\n", "main.py is not valid Python"),
]


@pytest.mark.parametrize(("main", "what"), APPLICATIONS)
def test_nobody_looks(shop: Project, main: str, what: str) -> None:
    """Where no component would be found none is added, and it is said what to write."""
    (shop.folder / "main.py").write_text(main)
    before = contents(shop.root)
    with pytest.raises(ConfigurationError, match=what):
        add_component(find_in(shop.root), "orders")
    assert before == contents(shop.root)


@pytest.mark.parametrize(
    "main",
    [
        "from fissile import App\n\napp = App('shop')\n",
        "from fissile import App\n\napp = App(package=__package__)\n",
        "from .making import create_app\n\napp = create_app()\n",
        "from .making import app\n",
    ],
)
def test_somebody_may_look(shop: Project, main: str) -> None:
    """Whoever makes the application in another way knows what it looks for."""
    (shop.folder / "main.py").write_text(main)
    add_component(find_in(shop.root), "orders")


def test_the_folder_above_a_project(shop: Project) -> None:
    """A folder of projects is none: nothing is put into one of them from there."""
    with pytest.raises(ConfigurationError, match="there is no application here"):
        find_in(shop.root.parent)
