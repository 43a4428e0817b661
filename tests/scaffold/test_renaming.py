"""Renaming a component of a small project: what is rewritten, what stays, and what is refused."""

import os
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project import find_in
from fissile.scaffold.change import Write
from fissile.scaffold.renaming import rename_component

from .shop import FILES, contents, differences, rename, write


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of the project."""
    write(tmp_path, FILES)
    return tmp_path


def refusal(root: Path, old: str, new: str, *, urls: bool = False, data: bool = False) -> str:
    """What is said when a rename is refused, after making sure that nothing was written."""
    before = contents(root)
    with pytest.raises(ConfigurationError) as refused:
        rename(root, old, new, urls=urls, data=data)
    assert before == contents(root)
    return str(refused.value).replace(f"{root}/", "")


def edited(root: Path, name: str, text: str, *, urls: bool = False, data: bool = False) -> str:
    """A file after a rename, which had this text before it."""
    write(root, {name: text})
    rename(root, urls=urls, data=data)
    return (root / name.replace("shop/orders", "shop/purchases")).read_text()


def test_everything_that_refers_to_it_and_nothing_else(shop: Path) -> None:
    """Settings, placements, groups, documents and commands follow; words, URLs and longer names stay."""
    rename(shop)
    expected = """\
-orders = ["stripe>=12"]  # only orders
-all = [{ include-group = "dev" }, { include-group = "orders" }]
+purchases = ["stripe>=12"]  # only orders
+all = [{ include-group = "dev" }, { include-group = "purchases" }]
-conflicts = [[{ group = "orders" }, { group = "suppliers" }]]
+conflicts = [[{ group = "purchases" }, { group = "suppliers" }]]
-"shop/orders/**" = ["D104"]
+"shop/purchases/**" = ["D104"]
-"tests/test_orders.py" = ["D103"]
+"tests/test_purchases.py" = ["D103"]
-/shop/orders/scratch/
+/shop/purchases/scratch/
-pytest tests/test_orders.py shop/orders/
-fissile run --only orders,suppliers
+pytest tests/test_purchases.py shop/purchases/
+fissile run --only purchases,suppliers
-command: python -m shop.orders.worker
-environment: { ORDERS__MAXIMUM: "5", PREORDERS__MAXIMUM: "6", FISSILE_PROCESS: orders }
-volumes: ["./shop/orders:/app/shop/orders", "data:/var/lib/shop/orders"]
+command: python -m shop.purchases.worker
+environment: { PURCHASES__MAXIMUM: "5", PREORDERS__MAXIMUM: "6", FISSILE_PROCESS: purchases }
+volumes: ["./shop/purchases:/app/shop/purchases", "data:/var/lib/shop/orders"]
-The orders live in [their package](shop/orders/), with [an interface](shop/orders/public.py#L1), and
-`shop.orders.public` is what others import; `shop.orders_archive` and `my.shop.orders` are something else.
-`ORDERS__MAXIMUM` limits orders.
+The orders live in [their package](shop/purchases/), with [an interface](shop/purchases/public.py#L1), and
+`shop.purchases.public` is what others import; `shop.orders_archive` and `my.shop.orders` are something else.
+`PURCHASES__MAXIMUM` limits orders.
-Read [orders](orders/public.py) and [suppliers](suppliers/public.py), and ../shop/orders/.
+Read [orders](purchases/public.py) and [suppliers](suppliers/public.py), and ../shop/purchases/.
-orders = ["orders"]
+purchases = ["purchases"]
-both = { components = ["orders", "suppliers"], workers = 2 }
+both = { components = ["purchases", "suppliers"], workers = 2 }
-orders = { components = [ 'orders' ], address = "http://orders:8000" }
+purchases = { components = [ 'purchases' ], address = "http://orders:8000" }
-from shop.orders.public import Orders
+from shop.purchases.public import Orders
-from shop.orders.public import Orders
+from shop.purchases.public import Orders
"""
    assert expected.splitlines() == differences(FILES, shop)


def test_the_folder_and_the_tests_are_moved(shop: Path) -> None:
    """The package, its tests and its secrets are called like the component; its `.env` goes with it."""
    write(
        shop, {".fissile/secrets/orders__key": "s", ".fissile/secrets/orders2__key": "s", "tests/orders/test_a.py": ""}
    )
    change = rename(shop)
    moved = {(item["path"], item["to"]) for item in change.done() if item["action"] == "move"}
    assert {
        ("shop/orders", "shop/purchases"),
        ("tests/test_orders.py", "tests/test_purchases.py"),
        ("tests/orders", "tests/purchases"),
        (".fissile/secrets/orders__key", ".fissile/secrets/purchases__key"),
    } == moved
    assert "PURCHASES__MAXIMUM=7\n" == (shop / "shop/purchases/.env").read_text()


def test_tests_are_imported_under_their_new_name(shop: Path) -> None:
    """From their folder or without it, as pytest finds them; a word that is the same stays."""
    write(
        shop,
        {
            "tests/test_more.py": "import test_orders\nfrom test_orders import test_get as get\n\nx = test_orders.y\n",
            "tests/test_other.py": "from tests.test_orders import x\n\ny = 'test_orders', 'tests.test_orders'\n",
        },
    )
    rename(shop)
    assert [
        "import test_purchases\nfrom test_purchases import test_get as get\n\nx = test_purchases.y\n",
        "from tests.test_purchases import x\n\ny = 'test_orders', 'tests.test_purchases'\n",
    ] == [(shop / name).read_text() for name in ("tests/test_more.py", "tests/test_other.py")]


def test_what_outlives_a_rename_is_written_down(shop: Path) -> None:
    """The id and the prefix stay what they were, on lines of their own, and the project is well."""
    rename(shop)
    assert (
        (shop / "shop/purchases/component.py")
        .read_text()
        .endswith(
            """\
    settings=OrderSettings,
    id="orders",
    prefix="/orders",
)
"""
        )
    )
    found = find_in(shop)
    names = [(each.name, each.declared.id, each.declared.prefix) for each in found.components]
    assert [("purchases", "orders", "/orders"), ("suppliers", "suppliers", "/suppliers")] == names
    assert () == found.faults()


def test_a_second_rename_keeps_the_first_id_and_prefix(shop: Path) -> None:
    """Whatever it is called, its data and its URLs are those of the beginning."""
    once = contents(shop)
    rename(shop)
    rename(shop, "purchases", "procurement")
    found = find_in(shop).component("procurement").declared
    assert ("orders", "/orders") == (found.id, found.prefix)
    rename(shop, "procurement", "orders")
    changed = {name for name, what in contents(shop).items() if once.get(name) != what}
    assert {"shop/orders/component.py"} == changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Component()", 'Component(id="orders")'),
        ("Component(api=router)", 'Component(api=router, id="orders", prefix="/orders")'),
        ('Component(id="x", api=router, prefix="/y")', 'Component(id="x", api=router, prefix="/y")'),
        (
            "Component(\n    api=router,  # all\n    settings=(S)  # of it\n)",
            "Component(\n    api=router,  # all\n    settings=(S),  # of it\n"
            '    id="orders",\n    prefix="/orders",\n)',
        ),
        ("Component(\n    settings=S)", 'Component(\n    settings=S,\n    id="orders")'),
    ],
)
def test_each_layout_of_a_declaration_is_kept(shop: Path, before: str, after: str) -> None:
    """The keywords stand where the others do, and nothing around them moves."""
    # A file that ruff would change is not laid out anew.
    text = f"from fissile import Component\nx = {{ }}\ncomponent = {before}\n"
    assert text.replace(before, after) == edited(shop, "shop/orders/component.py", text)


def test_with_its_urls(shop: Path) -> None:
    """The prefix is the new name's; URLs in tests and Markdown follow, and those of others stay."""
    tests = {
        "tests/test_urls.py": "a = ['/orders', '/orders/1?x=/orders', '/orders2', '/a/orders', '/suppliers/1/orders']\n"
        "b = [f'/orders/{a}', f'{base_url}/orders', f'{a}/orders', 'http://localhost:8000/orders', 'https://a/orders']\n",
        "shop/orders/routes.py": 'from fastapi import APIRouter\n\nrouter = APIRouter(prefix="/orders/all")\n',
    }
    write(shop, tests)
    rename(shop, urls=True)
    assert (
        "a = ['/purchases', '/purchases/1?x=/orders', '/orders2', '/a/orders', '/suppliers/1/orders']\n"
        "b = [f'/purchases/{a}', f'{base_url}/purchases', f'{a}/orders', "
        "'http://localhost:8000/purchases', 'https://a/orders']\n"
    ) == (shop / "tests/test_urls.py").read_text()
    assert 'prefix="/purchases/all"' in (shop / "shop/purchases/routes.py").read_text()
    readme = (shop / "README.md").read_text()
    assert "http://127.0.0.1:8000/purchases/7\n" in readme
    assert "https://example.com/orders/7\n" in readme
    assert "prefix" not in (shop / "shop/purchases/component.py").read_text()
    assert "/purchases" == find_in(shop).component("purchases").declared.prefix


def test_a_prefix_of_its_own_stays_with_its_urls(shop: Path) -> None:
    """Where the prefix is written and not the default, the URLs are not the name's, and nothing redirects."""
    component = FILES["shop/orders/component.py"].replace("    api=", '    prefix="/o",\n    api=')
    text = edited(shop, "shop/orders/component.py", component, urls=True)
    assert component.replace("OrderSettings,\n", 'OrderSettings,\n    id="orders",\n') == text
    assert FILES["shop/main.py"] == (shop / "shop/main.py").read_text()
    assert 'client.get("/orders/7")' in (shop / "tests/test_purchases.py").read_text()


def test_a_written_default_goes_with_its_urls(shop: Path) -> None:
    """The prefix that a first rename wrote down is taken out by one that moves the URLs."""
    component = FILES["shop/orders/component.py"].replace("    api=", '    prefix="/orders",\n    api=')
    text = edited(shop, "shop/orders/component.py", component, urls=True)
    assert FILES["shop/orders/component.py"].replace("OrderSettings,\n", 'OrderSettings,\n    id="orders",\n') == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("database=Database(metadata),", 'database=Database(metadata, formerly="orders"),'),
        ("database=Database(metadata), id='orders',", 'database=Database(metadata, formerly="orders"),'),
        ("database=Database(metadata), id='sales',", "database=Database(metadata), id='sales',"),
        ("settings=S,", "settings=S,"),
    ],
)
def test_with_its_data(shop: Path, before: str, after: str) -> None:
    """The id is the new name, and the database says what it was called; an id of its own stays."""
    text = f"from fissile import Component, Database\nx = {{ }}\ncomponent = Component(\n    {before}\n)\n"
    assert text.replace(before, after) == edited(shop, "shop/orders/component.py", text, data=True).replace(
        ", \n", ",\n"
    )


def test_the_notes_say_what_only_the_user_can_do(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that are set elsewhere, data that moves later, and words that may be meant."""
    monkeypatch.chdir(shop)
    write(shop, {"shop/suppliers/names.py": 'NAMES = ["orders"]\n'})
    change = rename(shop)
    variables, words = change.notes
    outside = "rename them wherever they are set outside of the project"
    assert f"the variables ORDERS__* are called PURCHASES__* now: {outside}" == variables
    begins = "orders still stands alone in strings and comments; look whether it is meant: "
    assert words.startswith(f"{begins}shop/purchases/api.py:9, shop/suppliers/names.py:1, ")
    assert ("fissile list", "pytest") == change.next


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("order", "purchases", "shop has no component 'order'"),
        ("orders", "orders", "orders is called so already"),
        ("orders", "suppliers", "'suppliers' cannot be the name of a component"),
        ("orders", "Purchases", "'Purchases' cannot be the name of a component"),
        ("orders", "class", "'class' cannot be the name of a component"),
        ("orders", "gateway", "'gateway' cannot be the name of a component"),
        ("orders", "main", "'main' cannot be the name of a component"),
    ],
)
def test_bad_names_are_refused(shop: Path, old: str, new: str, expected: str) -> None:
    """A component that is not there, and a name that cannot be, with what could be meant."""
    said = refusal(shop, old, new)
    assert said.startswith(expected)
    assert "fix: " in said


def test_all_faults_come_at_once(shop: Path) -> None:
    """What is in the way is listed whole, and nothing is written."""
    write(
        shop,
        {
            "tests/test_purchases.py": "",
            "shop/broken.py": "import shop.orders\nx = (\n",
            "shop/strange.py": "# coding: klingon\nimport shop.orders\n",
            "shop/fine.py": "x = (\n",
        },
    )
    said = [line for line in refusal(shop, "orders", "purchases").splitlines() if not line.startswith(" ")]
    assert [
        "shop/broken.py:2: broken.py is not valid Python",
        "shop/strange.py: strange.py cannot be read: unknown encoding: klingon",
        "tests/test_purchases.py: it is there already",
    ] == said


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ("Component(**{})", "shop/orders/component.py:3: ** cannot be read: {}"),
        ("Component(\n", "shop/orders/component.py:3: component.py is not valid Python: '(' was never closed"),
        (
            "None\nif 1:\n    component = Component()",
            "shop/orders/component.py:5: the declaration is inside of something else",
        ),
    ],
)
def test_a_declaration_that_cannot_be_written_into_is_refused(shop: Path, component: str, expected: str) -> None:
    """What outlives the rename would be lost."""
    write(shop, {"shop/orders/component.py": f"from fissile import Component\n\ncomponent = {component}\n"})
    assert expected in refusal(shop, "orders", "purchases")


def test_a_process_that_runs_others_keeps_its_name(shop: Path) -> None:
    """It is not the component's, and so the variable that chooses it stays, too."""
    write(shop, {"shop/placements.toml": '[apart]\norders = ["orders", "suppliers"]\n'})
    rename(shop)
    assert '[apart]\norders = ["purchases", "suppliers"]\n' == (shop / "shop/placements.toml").read_text()
    assert "FISSILE_PROCESS: orders }" in (shop / "compose.yaml").read_text()


def test_urls_and_ids_of_others_are_in_the_way(shop: Path) -> None:
    """A prefix, an id or a route that is called like the new name already is refused."""
    suppliers = FILES["shop/suppliers/component.py"]
    taken = suppliers.replace("needs=", 'id="purchases", prefix="/purchases", needs=')
    write(
        shop, {"shop/suppliers/component.py": taken, "shop/main.py": f'{FILES["shop/main.py"]}\nX = "/purchases/x"\n'}
    )
    said = refusal(shop, "orders", "purchases", urls=True, data=True).splitlines()
    assert [
        "shop/suppliers/component.py:9: suppliers has the prefix /purchases",
        "shop/suppliers/component.py:9: suppliers has the id purchases",
        "shop/main.py:7: there is a route below /purchases",
    ] == [line for line in said if not line.startswith(" ")]


def test_links_follow_and_are_not_followed(shop: Path) -> None:
    """A link to what is moved leads to it afterwards; what it leads to is edited once, and nothing outside is."""
    outside = shop.parent / f"{shop.name}-outside"
    write(outside, {"README.md": "shop.orders\n"})
    links = {
        "latest": "shop/orders/public.py",
        "docs/orders": "../shop/orders",
        "docs/all": str(shop / "shop/orders/api.py"),
        "shop/orders/again.py": "../orders/public.py",
        "shop/orders/beside.py": "public.py",
        "out": str(outside),
        "gone": "nowhere/orders",
    }
    (shop / "docs").mkdir()
    for name, target in links.items():
        (shop / name).symlink_to(target)
    rename(shop)
    assert {
        "latest": "shop/purchases/public.py",
        "docs/orders": "../shop/purchases",
        "docs/all": str(shop / "shop/purchases/api.py"),
        "shop/purchases/again.py": "../purchases/public.py",
        "shop/purchases/beside.py": "public.py",
        "out": str(outside),
        "gone": "nowhere/orders",
    } == {path.relative_to(shop).as_posix(): str(path.readlink()) for path in shop.rglob("*") if path.is_symlink()}
    assert "shop.orders\n" == (outside / "README.md").read_text()


def test_a_component_that_is_a_link_is_refused(shop: Path) -> None:
    """What it leads to may be used by others."""
    (shop / "shop/orders").rename(shop / "real")
    (shop / "shop/orders").symlink_to("../real")
    assert refusal(shop, "orders", "purchases").startswith("shop/orders: it is a symbolic link")


def test_a_read_only_file_that_would_be_edited_is_refused(shop: Path) -> None:
    """Whoever made it read-only had a reason; one that is only moved is no matter."""
    (shop / "shop/orders/public.py").chmod(0o444)
    (shop / "shop/placements.toml").chmod(0o444)
    assert refusal(shop, "orders", "purchases").startswith("shop/placements.toml: it is read-only")
    (shop / "shop/placements.toml").chmod(0o644)
    rename(shop)
    assert 0o444 == (shop / "shop/purchases/public.py").stat().st_mode & 0o777


def test_what_git_ignores_is_left_but_for_settings(shop: Path) -> None:
    """Files that are nobody's work stay as they are; `.env` is ignored, too, and is renamed."""
    from subprocess import run

    ignored = {
        "build/notes.md": "shop.orders\n",
        ".venv/x.py": "import shop.orders\n",
        "node_modules/a.md": "shop.orders\n",
    }
    write(shop, {**ignored, ".gitignore": "build\n.env*\n", "deploy/.env.production": "ORDERS__MAXIMUM=1\n"})
    run(["git", "init", "-q"], cwd=shop, check=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
    rename(shop)
    assert ignored == {name: (shop / name).read_text() for name in ignored}
    assert "PURCHASES__MAXIMUM=1\n" == (shop / "deploy/.env.production").read_text()


def test_a_component_of_one_module(tmp_path: Path) -> None:
    """The file is moved, its path and its module are renamed, and it keeps its prefix."""
    files = {
        "pyproject.toml": '[tool.fastapi]\nentrypoint = "shop.main:app"\n[x]\ny = ["shop/orders.py", "shop/orders"]\n',
        "shop/__init__.py": "",
        "shop/main.py": "from fissile import App\n\napp = App(__package__)\n",
        "shop/orders.py": "from fissile import Component\n\ncomponent = Component(api=router)\n",
        "shop/other.py": "from .orders import component\n",
    }
    write(tmp_path, files)
    rename(tmp_path)
    assert ["pyproject.toml", "shop/__init__.py", "shop/main.py", "shop/other.py", "shop/purchases.py"] == [
        name for name in contents(tmp_path) if "." in name
    ]
    assert 'id="orders", prefix="/orders"' in (tmp_path / "shop/purchases.py").read_text()
    assert "from .purchases import component\n" == (tmp_path / "shop/other.py").read_text()


def test_a_component_of_one_module_with_its_urls(tmp_path: Path) -> None:
    """A router that carries the prefix itself, beside the declaration, carries the new one."""
    text = (
        "from fastapi import APIRouter\n\nfrom fissile import Component\n\n"
        'router = APIRouter(prefix="/orders")\ncomponent = Component(api=router, prefix="/orders")\n'
    )
    write(tmp_path, {**{name: FILES[name] for name in ("shop/__init__.py", "shop/main.py")}, "shop/orders.py": text})
    rename(tmp_path, urls=True)
    after = text.replace(', prefix="/orders")', ', id="orders")').replace("/orders", "/purchases")
    assert after == (tmp_path / "shop/purchases.py").read_text()


def test_only_what_changes_is_written(shop: Path) -> None:
    """Making the change writes nothing, and it holds no file that stays as it is."""
    before = contents(shop)
    change = rename_component(find_in(shop), "orders", "purchases")
    assert before == contents(shop)
    assert all(step.before != step.after for step in change.steps if isinstance(step, Write))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "PW=a/shop/orders\n"),
        (".env", "PW=x:y@a:shop/orders\n"),
        ("values.yaml", 'value: "$2b$12$shop/orders/abcdefghijkl"\n'),
        ("values.yaml", "image: registry/shop/orders:1.2\n"),
        ("values.yaml", "image: shop/orders\n"),
        ("values.yaml", "image: shop/orders:1.2\n"),
        ("values.yaml", "image: localhost:5000/shop/orders:1.2\n"),
        ("values.yaml", "host: shop.orders.svc.cluster.local\n"),
        ("values.yaml", "hosts: [shop.orders.com, shop.orders:8080, a@shop.orders, a@shop.orders.com]\n"),
        ("values.yaml", "path: /api/shop/orders\n"),
        ("notes.md", "Write to shop.orders@example.com, see vendor/shop/orders and git@example.com:shop/orders.\n"),
    ],
)
def test_what_is_called_like_it_elsewhere_stays(shop: Path, name: str, text: str) -> None:
    """Passwords, hashes, images, hosts, addresses and paths of others are not the component's."""
    (shop / "vendor/shop/orders").mkdir(parents=True)
    assert text == edited(shop, name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.cfg", "files = ^shop/orders/|*/shop/orders/*|**/shop/orders/**|!shop/orders\n"),
        ("run.sh", "pytest --cov=shop/orders $PWD/shop/orders ./shop/orders/api.py:9 a:shop/orders\n"),
        ("docs/run.sh", "cd .. && ls shop/orders ../shop/orders && cat shop.orders.api shop.orders.*\n"),
        ("Dockerfile", "COPY shop/orders /app/shop/orders\n"),
        ("compose.yaml", 'volumes: ["./shop/orders:/app/shop/orders"]\n'),
        ("ci.yaml", "volume: ./shop/orders:/app/shop/orders\n"),
        ("CODEOWNERS", "/shop/orders/ @a/b\n"),
        ("notes.md", "**shop/orders** has `shop.orders:component`, shop.orders.Order and shop.orders. It ends.\n"),
    ],
)
def test_each_way_to_write_its_path_is_followed(shop: Path, name: str, text: str) -> None:
    """Patterns, volumes, variables of the shell and paths from the file's own folder lead to it."""
    expected = text.replace("shop/orders", "shop/purchases").replace("shop.orders", "shop.purchases")
    assert expected == edited(shop, name, text)


def test_a_path_in_a_source_folder(tmp_path: Path) -> None:
    """It begins in the project's folder or in the one that is imported from, and in no other."""
    files = {f"src/{name}" if name.startswith("shop/") else name: text for name, text in FILES.items()}
    text = "src/shop/orders shop/orders lib/shop/orders\n"
    pyproject = FILES["pyproject.toml"].replace('pythonpath = ["."]', 'pythonpath = ["src"]')
    write(tmp_path, {**files, "pyproject.toml": pyproject, "run.sh": text})
    rename(tmp_path)
    assert "src/shop/purchases shop/purchases lib/shop/orders\n" == (tmp_path / "run.sh").read_text()


def test_words_in_code_come_first(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strings by file and line, then comments and docstrings; those of the component's own docstrings are left out."""
    monkeypatch.chdir(shop)
    write(
        shop,
        {
            "shop/a.py": '"""All orders."""\n\nX = "my orders"\nY = "SELECT shop.orders.x FROM shop.orders"\n',
            "shop/orders/extra.py": '"""Of orders."""\n\n# orders\nX = "orders"\n',
        },
    )
    listed = rename(shop).notes[-1].partition("meant: ")[2]
    assert "shop/a.py:3, shop/a.py:4, shop/purchases/api.py:9, shop/purchases/extra.py:4, " in listed
    assert listed.endswith("shop/a.py:1, shop/purchases/extra.py:3")


def test_secrets_are_where_the_state_is(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of state that was moved inside of the project is looked into instead of the usual one."""
    monkeypatch.setenv("FISSILE_STATE", str(shop / "state"))
    write(shop, {"state/secrets/orders__key": "s", ".fissile/secrets/orders__key": "old"})
    rename(shop)
    assert "s" == (shop / "state/secrets/purchases__key").read_text()
    assert "old" == (shop / ".fissile/secrets/orders__key").read_text()


def test_secrets_of_another_state_are_told(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state below the usual one separates two supervisors; nothing is written there, and the rename goes through."""
    monkeypatch.setenv("FISSILE_STATE", str(shop / ".fissile/second"))
    write(shop, {".fissile/second/secrets/orders__key": "s"})
    folder = shop / ".fissile/second/secrets"
    assert f"the secrets in {folder} stay as they are: rename orders__* to purchases__* there" in rename(shop).notes
    assert ["orders__key"] == [path.name for path in folder.iterdir()]


def test_secrets_outside_of_the_project_are_told(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """They stay where they are, and the user is told to rename them."""
    state = tmp_path_factory.mktemp("state")
    write(state, {"secrets/orders__key": "s"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FISSILE_STATE", str(state))
        notes = rename(shop).notes
    assert f"the secrets in {state}/secrets stay as they are: rename orders__* to purchases__* there" in notes
    assert ["orders__key"] == [path.name for path in (state / "secrets").iterdir()]
