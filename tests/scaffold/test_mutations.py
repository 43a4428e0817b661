"""Steps on projects that are unlike the ones they were made for: each ends whole, or with nothing changed.

Whole is: every module can be imported, the project's own tests pass, `fissile list` shows what there is now, and
nothing speaks of what there was.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .shop import FILES, contents, write

pytestmark = pytest.mark.acceptance

Files = Mapping[str, str | bytes]

IMPORT_ALL = """
import importlib, pkgutil, shop
for module in pkgutil.walk_packages(shop.__path__, "shop."):
    importlib.import_module(module.name)
"""


@dataclass(frozen=True)
class Mutation:
    """A project unlike the usual one.

    Attributes:
        files: What is written into it.
        links: The links in it.
        prepare: What else is done to it.
        refused: What is said where the step cannot be done; empty where it is done.
        code: How it ends then: with that of what was typed, or of what is in the way.
        stays: What speaks of the old module and is meant to.
    """

    files: Files = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], None] = lambda root: None
    refused: str = ""
    code: int = 3
    stays: frozenset[str] = frozenset()

    def make(self, root: Path) -> None:
        write(root, {**FILES, **self.files})
        for name, target in self.links.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(target)
        self.prepare(root)


def python(
    root: Path, *words: str, environment: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Runs Python in a project, without writing caches."""
    variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", **(environment or {})}
    variables.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=root, env=variables, capture_output=True, text=True, timeout=timeout, check=False
    )


def fissile(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a command in a project."""
    return python(root, "-m", "fissile.cli", *words)


def assert_green(root: Path, components: list[str]) -> None:
    """Makes sure that a project works, and has these components."""
    imported = python(root, "-W", "error", "-c", IMPORT_ALL, environment={"PYTHONPATH": "src"})
    assert (0, "") == (imported.returncode, imported.stderr)
    listed = fissile(root, "list", "--json")
    assert (0, "") == (listed.returncode, listed.stderr)
    assert components == [component["name"] for component in json.loads(listed.stdout)["components"]]
    tested = python(root, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert 0 == tested.returncode, tested.stdout


def mentions(root: Path, name: str) -> set[str]:
    """Every dotted name, path and variable that still speaks of a component."""
    pattern = re.compile(
        rf"(?<![\w./])shop\.{name}(?![\w-])|(?<![\w/.])shop/{name}(?![\w-])|(?<!\w){name.upper()}__[A-Z]"
        rf"|from \.+{name}(?!\w)|from \.+ import {name}(?!\w)|import_module\(\"\.{name}"
    )
    found = set()
    for name_of, (_, content) in contents(root).items():
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
        found |= {f"{name_of}: {each[0]}" for each in pattern.finditer(text)}
    return found


def git(root: Path, *words: str) -> None:
    """Runs git in a project, without anybody's own configuration."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True, env={**os.environ, **own})


def dirty_tree(root: Path) -> None:
    """A repository with changes that are staged, changes that are not, and files that it does not know."""
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "start")
    write(root, {"shop/orders/domain.py": "from shop.orders.public import Order\n\n__all__ = ['Order']\n"})
    git(root, "add", "-A")
    write(root, {"shop/orders/later.py": "import shop.orders.domain\n", "Makefile": "x:\n\techo shop/orders\n"})


def read_only_folder(root: Path) -> None:
    """A folder in which something would be edited, and nothing can."""
    write(root, {"shop/closed/__init__.py": "import shop.orders.public\n"})
    (root / "shop/closed").chmod(0o555)


def component_that_is_a_link(root: Path) -> None:
    """A component whose folder is elsewhere."""
    (root / "shop/orders").rename(root / "elsewhere")
    (root / "shop/orders").symlink_to("../elsewhere")


def source_folder(root: Path) -> None:
    """A project whose package is in a folder for sources."""
    (root / "src").mkdir()
    (root / "shop").rename(root / "src/shop")


ORDERS2 = {
    name.replace("shop/orders/", "shop/orders2/"): text.replace("Orders", "Orders2").replace("ORDERS", "ORDERS2")
    for name, text in FILES.items()
    if name.startswith("shop/orders/") and name.endswith(".py")
}
ORDER = {
    name.replace("shop/orders/", "shop/order/"): text.replace("Orders", "Orders1").replace("ORDERS", "ORDER")
    for name, text in FILES.items()
    if name.startswith("shop/orders/") and name.endswith(".py")
}

MUTATIONS: Mapping[str, Mutation] = {
    "nothing special": Mutation(),
    "names in strings of annotations": Mutation(
        {
            "shop/views.py": "from __future__ import annotations\n\n"
            "import shop.orders.public\nfrom shop import orders\n\n\n"
            'def view(order: "shop.orders.public.Order", other: "list[orders.public.Order]") -> "None": ...\n',
            "tests/test_views.py": "import typing\n\nimport shop.views\n\n\ndef test_hints():\n"
            "    assert 3 == len(typing.get_type_hints(shop.views.view))\n",
        }
    ),
    "imports for types alone": Mutation(
        {
            "shop/views.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from shop import orders\n"
            "    from .orders.public import Order\n\n\n"
            "def view(order: 'orders.public.Order') -> 'Order':\n    return order\n",
        }
    ),
    "imports in functions": Mutation(
        {
            "shop/late.py": "def late():\n    from shop import orders\n    import shop.orders.public as p\n"
            "    from shop.orders import public\n    return orders.public is p is public\n",
            "tests/test_late.py": "from shop.late import late\n\n\ndef test_late():\n    assert late()\n",
        }
    ),
    "imports that may fail": Mutation(
        {
            "shop/perhaps.py": "try:\n    from shop import orders\nexcept ImportError:\n    orders = None\n"
            "import shop\n\ntry:\n    import shop.orders.gone\nexcept ImportError:\n    HAS = shop.orders\n",
            "tests/test_perhaps.py": "from shop.perhaps import orders\n\n\n"
            "def test_it():\n    assert orders.__name__\n",
        }
    ),
    "names that the package passes on": Mutation(
        {
            "shop/__init__.py": 'from . import orders, suppliers\n\n__all__ = ["orders", "suppliers"]\n',
            "tests/test_all.py": "import shop\nfrom shop import *\n\n\n"
            "def test_all():\n    assert [orders, suppliers] == [getattr(shop, name) for name in shop.__all__]\n",
        }
    ),
    "stars": Mutation(
        {
            "shop/star.py": "from shop.orders.public import *\nfrom .orders.service import *\n\n"
            "X = Order, OrderService\n",
            "shop/tools.py": 'from shop import orders\nfrom shop import suppliers as s\n\n__all__ = ["orders", "s"]\n',
            "tests/test_star.py": "from shop.star import X\nfrom shop.tools import *\n\n\n"
            "def test_star():\n    assert X and orders.__name__ and s\n",
        }
    ),
    "relative imports": Mutation(
        {
            "shop/orders/deep/__init__.py": "",
            "shop/orders/deep/orders.py": "from ...orders.public import Order\nfrom .. import public\n"
            "from ... import orders\nfrom ..public import Orders\n\nX = orders.public.Order is Order is public.Order\n",
            "shop/orders/deep/use.py": "from . import orders\nfrom .orders import X\n\nY = orders.X is X\n",
            "tests/test_deep.py": "import importlib\nimport shop\nfrom pathlib import Path\n\n\ndef test_deep():\n"
            "    (name,) = (p.parents[1].name for p in Path(shop.__path__[0]).glob('*/deep/use.py'))\n"
            "    assert importlib.import_module(f'shop.{name}.deep.use').Y\n",
        },
        stays=frozenset({f"shop/purchases/deep/use.py: {each}" for each in ("from . import orders", "from .orders")}),
    ),
    "a fixture of its name": Mutation(
        {
            "tests/conftest.py": "import pytest\n\nfrom shop.orders.public import Order\n\n\n"
            "@pytest.fixture\ndef orders_of_today(request):\n    return [Order(id=1)]\n\n\n"
            "@pytest.fixture(name='purchases')\ndef _orders():\n    return 2\n",
            "tests/test_fixtures.py": "from shop import orders as module\n\n\n"
            "def test_it(orders_of_today, purchases):\n    orders = orders_of_today\n"
            "    assert [1, 2] == [len(orders), purchases]\n"
            "    assert module.public.Order(id=1) == orders[0]\n",
        }
    ),
    "the new name is taken by locals": Mutation(
        {
            "shop/taken.py": "from shop import orders\n\npurchases = 1\n\n\n"
            "def f(purchases=orders.public.Order):\n    return purchases\n",
            "tests/test_taken.py": "from shop.taken import f, purchases\n\n\n"
            "def test_it():\n    assert purchases and f()\n",
        }
    ),
    "the new name is a module": Mutation(
        {"shop/purchases.py": "X = 1\n"}, refused="shop/purchases.py is there already", code=2
    ),
    "the new name is a folder": Mutation(
        {"shop/purchases/x.txt": ""}, refused="shop/purchases is there already", code=2
    ),
    "the new name has tests": Mutation({"tests/test_purchases.py": ""}, refused="it is there already"),
    "names in settings": Mutation(
        {
            "logging.toml": '[loggers."shop.orders"]\nlevel = "INFO"\n[loggers."shop.orders2"]\n',
            "deploy/.env": "ORDERS__MAXIMUM=1\nREORDERS__X=1\n",
            "deploy/logging.yaml": "loggers:\n  shop.orders.service: {level: INFO}\n",
            "deploy/Dockerfile": "COPY shop/orders /app/shop/orders\nENV ORDERS__MAXIMUM=2\n",
            "setup.cfg": "[mypy-shop.orders.*]\nstrict = true\n",
        }
    ),
    "names in strings": Mutation(
        {
            "tests/test_patch.py": "import importlib\n\n\ndef test_patch(monkeypatch):\n"
            '    monkeypatch.setattr("shop.orders.public.Order", 1)\n'
            '    assert 1 == importlib.import_module("shop.orders.public").Order\n'
            '    monkeypatch.setenv("ORDERS__MAXIMUM", "4")\n'
        }
    ),
    "prefixes of each other": Mutation(
        {
            **ORDERS2,
            **ORDER,
            "shop/placements.toml": '[apart]\norders = ["orders", "order"]\norders2 = ["orders2", "suppliers"]\n',
            "shop/order/service.py": ORDER["shop/order/service.py"].replace("shop.orders.", "shop.order."),
            "shop/orders2/service.py": ORDERS2["shop/orders2/service.py"].replace("shop.orders.", "shop.orders2."),
        }
    ),
    "line ends of Windows": Mutation(
        {name: text.replace("\n", "\r\n") for name, text in FILES.items() if not name.endswith("Makefile")}
    ),
    "tabs": Mutation({name: text.replace("    ", "\t") for name, text in FILES.items() if name.endswith(".py")}),
    "a mark of a byte order": Mutation(
        {name: b"\xef\xbb\xbf" + text.encode() for name, text in FILES.items() if name.endswith(".py")}
    ),
    "letters of other scripts": Mutation(
        {
            "shop/übersicht.py": "from shop import orders\n\n"
            "zähler = {'ордера': orders.public.Order}  # 注文 shop.orders\n",
            "docs/注文.md": "[注文](../shop/orders/public.py) — «shop.orders»\n",
        }
    ),
    "another encoding": Mutation(
        {"shop/alt.py": "# -*- coding: latin-1 -*-\nfrom shop import orders\n\ngrün = 'ü', orders\n".encode("latin-1")}
    ),
    "text that is not UTF-8": Mutation({"notes.md": b"\xff\xfe shop.orders \xfc\n"}),
    "bytes that are no text": Mutation({"data.bin": b"\x00shop.orders\xff", "shop/orders/data.bin": b"\x00\xff"}),
    "a cookie that lies": Mutation(
        {"shop/alt.py": b"# coding: ascii\nimport shop.orders\nx = '\xfc'\n"}, refused="alt.py cannot be read"
    ),
    "a syntax error": Mutation({"tools/x.py": "import shop.orders\ndef (\n"}, refused="x.py is not valid Python"),
    "a read-only file": Mutation(
        prepare=lambda root: (root / "shop/suppliers/service.py").chmod(0o444), refused="it is read-only"
    ),
    "a read-only folder": Mutation(prepare=read_only_folder, refused="the folder is read-only"),
    "links": Mutation(
        links={
            "in": "shop/orders/public.py",
            "folder": "shop/orders",
            "out": "/usr/share",
            "gone": "nowhere",
            "shop/orders/again.py": "public.py",
            "shop/suppliers/theirs.py": "../orders/public.py",
        }
    ),
    "a component that is a link": Mutation(prepare=component_that_is_a_link, refused="it is a symbolic link"),
    "a dirty tree of git": Mutation(prepare=dirty_tree),
    "a source folder": Mutation(
        {"pyproject.toml": FILES["pyproject.toml"].replace('pythonpath = ["."]', 'pythonpath = ["src"]')},
        prepare=source_folder,
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_rename_ends_whole_or_changes_nothing(tmp_path: Path, name: str) -> None:
    """After `rename component` the project is green under the new name, or as it was."""
    mutation = MUTATIONS[name]
    mutation.make(tmp_path)
    before = contents(tmp_path)
    done = fissile(tmp_path, "rename", "component", "orders", "purchases")
    if mutation.refused:
        assert mutation.code == done.returncode, done.stderr
        assert mutation.refused in done.stderr
        assert before == contents(tmp_path)
        return
    assert 0 == done.returncode, done.stderr
    assert mutation.stays == mentions(tmp_path, "orders") - BY_NATURE
    others = {"order", "orders2"} if name == "prefixes of each other" else set()
    assert_green(tmp_path, sorted({"purchases", "suppliers", *others}))


BY_NATURE = frozenset({"data.bin: shop.orders"})
"""What is no text, and so nobody's word."""


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_removal_ends_whole_or_changes_nothing(tmp_path: Path, name: str) -> None:
    """After `remove component` the project is green without it, or as it was."""
    mutation = MUTATIONS[name]
    mutation.make(tmp_path)
    before = contents(tmp_path)
    done = fissile(tmp_path, "remove", "component", "suppliers")
    if done.returncode:
        assert 3 == done.returncode, done.stderr
        assert "suppliers" in done.stderr
        assert before == contents(tmp_path)
        return
    assert not any("suppliers" in each for each in contents(tmp_path))
    if not mutation.refused:
        others = {"order", "orders2"} if name == "prefixes of each other" else set()
        assert_green(tmp_path, sorted({"orders", *others}))


@pytest.mark.parametrize("name", [name for name, mutation in MUTATIONS.items() if not mutation.refused])
def test_an_added_component_leaves_everything_else(tmp_path: Path, name: str) -> None:
    """After `add component` the project is green with one more, and no file is another but that of the placements."""
    MUTATIONS[name].make(tmp_path)
    before = contents(tmp_path)
    done = fissile(tmp_path, "add", "component", "stores")
    assert 0 == done.returncode, done.stderr
    after = contents(tmp_path)
    changed = [name for name, what in before.items() if after.get(name) != what]
    assert ["placements.toml"] == [Path(name).name for name in changed]
    assert all("stores" in name for name in after if name not in before)
    others = {"order", "orders2"} if name == "prefixes of each other" else set()
    assert_green(tmp_path, sorted({"orders", "stores", "suppliers", *others}))


@pytest.mark.parametrize("name", MUTATIONS)
def test_routes_and_versions_are_only_added(tmp_path: Path, name: str) -> None:
    """After `add router` and `add version` the project is green with every line but that of the api, or as it was."""
    mutation = MUTATIONS[name]
    mutation.make(tmp_path)
    for words in (("router", "orders", "refunds"), ("version", "orders", "v2")):
        before = contents(tmp_path)
        done = fissile(tmp_path, "add", *words)
        after = contents(tmp_path)
        if done.returncode:
            assert before == after
            assert done.returncode in (2, 3), done.stderr
            continue
        for path, (mode, content) in before.items():
            assert mode == after[path][0]
            if isinstance(content, bytes) and isinstance(now := after[path][1], bytes) and now != content:
                lost = Counter(content.splitlines(keepends=True)) - Counter(now.splitlines(keepends=True))
                assert [] == [line for line in lost if b"api=router" not in line], path
    if not mutation.refused:
        others = {"order", "orders2"} if name == "prefixes of each other" else set()
        assert_green(tmp_path, sorted({"orders", "suppliers", *others}))


KILLED = """
import json, os, shutil, signal, sys
from pathlib import Path

import fissile.cli
import fissile.cli.writing
from fissile.project import find_in
from fissile.scaffold import journal

words = sys.argv[1:]
CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.chmod", "os.truncate")

def main(*words):
    sys.argv = ["fissile", *words]
    try:
        fissile.cli.main()
    except SystemExit as ended:
        return ended.code or 0

def dies_at(moment):
    left = moment

    def hook(event, arguments):
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if event in CHANGES or writes:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)

def forked(work):
    child = os.fork()
    if child == 0:
        output = os.open("../output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os._exit(work() or 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def carried_out(change, moment):
    dies_at(moment)
    journal.carry_out(change)

shutil.copytree("before", "project", symlinks=True)
os.chdir("project")
fissile.cli.writing.perform = lambda plan, **options: made.append(plan(find_in(Path.cwd())))
made = []
for module in ("rename", "remove", "add.component", "add.router", "add.version"):
    __import__(f"fissile.cli.{module}", fromlist=["perform"]).perform = fissile.cli.writing.perform
main(*words)
ends = []
for moment in range(1, 1000):
    ended = forked(lambda: carried_out(made[0], moment))
    ends.append([ended, forked(lambda: main("recover"))])
    os.chdir("..")
    os.rename("project", str(moment))
    shutil.copytree("before", "project", symlinks=True)
    os.chdir("project")
    if ended == 0:
        break
print(json.dumps(ends))
"""
"""Makes the change of a command once, and carries it out again and again, each time killed one moment later."""


@pytest.mark.parametrize(
    ("words", "mutation"),
    [
        (
            ("rename", "component", "orders", "purchases"),
            Mutation(links={"in": "shop/orders/public.py", "shop/suppliers/theirs.py": "../orders/public.py"}),
        ),
        (("remove", "component", "suppliers"), Mutation()),
        (("add", "component", "stores"), Mutation()),
        (("add", "router", "orders", "refunds"), Mutation()),
        (("add", "version", "orders", "v2"), Mutation()),
    ],
)
def test_a_kill_at_any_moment_is_mended_by_the_next_command(
    tmp_path: Path, words: tuple[str, ...], mutation: Mutation
) -> None:
    """Whenever it is killed, the tree is afterwards exactly the one before or the one after."""
    for name in ("before", "after"):
        mutation.make(tmp_path / name)
    assert 0 == fissile(tmp_path / "after", *words).returncode
    killed = python(tmp_path, "-c", KILLED, *words, timeout=900)
    assert (0, "") == (killed.returncode, killed.stderr)
    *died, last = json.loads(killed.stdout)
    assert ({(-signal.SIGKILL, 0)}, [0, 0]) == ({tuple(each) for each in died}, last)
    trees = {name: contents(tmp_path / name) for name in ("before", "after")}
    found = [contents(tmp_path / str(moment)) for moment in range(1, len(died) + 1)]
    ends = [next((name for name, tree in trees.items() if tree == each), "neither") for each in found]
    assert sorted(ends, reverse=True) == ends  # what has begun is finished
    assert {"before", "after"} == set(ends)


def test_urls_that_were_renamed_are_redirected(tmp_path: Path) -> None:
    """Old URLs lead to the new ones with method, body and query; the project stays typed, tidy and green."""
    tables = "\n[tool.ruff]\nline-length = 88\n[tool.mypy]\nstrict = true\n\n[tool.ruff.lint"
    write(tmp_path, {**FILES, "pyproject.toml": FILES["pyproject.toml"].replace("\n[tool.ruff.lint", tables)})
    done = fissile(tmp_path, "rename", "component", "orders", "purchases", "--and-urls")
    assert 0 == done.returncode, done.stderr
    write(tmp_path, {"tests/test_old.py": OLD_URLS})
    assert_green(tmp_path, ["purchases", "suppliers"])
    paths = json.loads(fissile(tmp_path, "openapi").stdout)["paths"]
    assert ["/purchases/{order_id}"] == list(paths)
    for words in (
        ("ruff", "check", "--select", "ANN,B,D,E,F,I,N,UP", "--ignore", "D107,D203,D213", "shop/main.py"),
        ("ruff", "format", "--check", "shop/main.py"),
        ("mypy", "shop"),
    ):
        checked = python(tmp_path, "-m", *words)
        assert 0 == checked.returncode, checked.stdout


OLD_URLS = """
import pytest
from httpx2 import AsyncClient


@pytest.mark.parametrize(
    ("method", "old", "new"),
    [
        ("GET", "/orders/7", "/purchases/7"),
        ("PUT", "/orders/7?a=%20b&c", "/purchases/7?a=%20b&c"),
        ("POST", "/orders", "/purchases"),
        ("DELETE", "/orders/", "/purchases/"),
        ("HEAD", "/orders/orders/%3Fx%25%C3%BC", "/purchases/orders/%3Fx%25%C3%BC"),
        ("OPTIONS", "/orders/a%2Fb", "/purchases/a%2Fb"),
        ("GET", "/%6Frders/7", "/purchases/7"),
    ],
)
async def test_redirect(client: AsyncClient, method: str, old: str, new: str) -> None:
    answer = await client.request(method, old, follow_redirects=False)
    assert (308, new) == (answer.status_code, answer.headers["location"])


async def test_follow(client: AsyncClient) -> None:
    answer = await client.put("/orders/7", follow_redirects=True)
    assert (200, {"id": 7}) == (answer.status_code, answer.json())


async def test_other(client: AsyncClient) -> None:
    assert 404 == (await client.get("/orders2", follow_redirects=False)).status_code
"""
