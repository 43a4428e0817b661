"""`fissile add version`: a copy of the newest version beside it, and everything old as it was."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project import find_in
from fissile.scaffold.journal import carry_out
from fissile.scaffold.versions import add_version

from .shop import FILES, contents, write

Files = Mapping[str, str | bytes]

COMPONENT = "shop/orders/component.py"


def added(root: Path, files: Files, version: str = "v2") -> dict[str, str]:
    """What a step writes into a project, by path below the folder of orders; its tests come with their own."""
    write(root, {**FILES, **files})
    before = contents(root)
    carry_out(add_version(find_in(root), "orders", version))
    changed = {name: content for name, (_, content) in contents(root).items() if before.get(name) != (33188, content)}
    return {
        name.removeprefix("shop/orders/"): content.decode()
        for name, content in changed.items()
        if isinstance(content, bytes) and content
    }


def declaration(text: str) -> str:
    """A file of a component that has this declaration."""
    return f'"""Orders."""\n\nfrom fissile import Component\n\nfrom .api import router\n\n{text}\n'


def test_the_first_version_keeps_its_urls(tmp_path: Path) -> None:
    """The routes that were there have no name of a version, and what is new is a copy byte for byte."""
    changed = added(tmp_path, {})
    assert ["api_v2.py", "component.py", "tests/test_orders_v2.py"] == sorted(changed)
    assert FILES["shop/orders/api.py"] == changed["api_v2.py"]
    old = FILES[COMPONENT].replace("import router\n", "import router\nfrom .api_v2 import router as router_v2\n")
    assert old.replace("api=router", 'api={"": router, "v2": router_v2}') == changed["component.py"]


THIRD = {
    "one line": (
        'component = Component(api={"": router, "v2": router})',
        'component = Component(api={"": router, "v2": router, "v3": router_v3})',
    ),
    "parentheses": (
        "component = Component(api=(router))",
        'component = Component(api={"": router, "v3": router_v3})',
    ),
    "by hand": (
        'component = Component( api = {"v1": router,}, needs=[] )',
        'component = Component( api = {"v1": router, "v3": router_v3,}, needs=[] )',
    ),
    "lines": (
        'component = Component(\n    api={\n        "v1": router,\n'
        '        "v2": router,  # the newest, {now}\n    },\n)',
        'component = Component(\n    api={\n        "v1": router,\n        "v2": router,  # the newest, {now}\n'
        '        "v3": router_v3,\n    },\n)',
    ),
    "no comma": (
        'component = Component(\n    api={\n        "v1": router  # }\n    }\n)',
        'component = Component(\n    api={\n        "v1": router,  # }\n        "v3": router_v3\n    }\n)',
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("before", "after"), THIRD.values(), ids=THIRD)
def test_a_version_is_declared_in_the_layout_of_the_others(
    tmp_path: Path, before: str, after: str, newline: str
) -> None:
    """Whatever ruff would lay out otherwise stays, as do comments and line ends."""
    messy = f"X  = 1\n{before}"
    changed = added(tmp_path, {COMPONENT: declaration(messy).replace("\n", newline).encode()}, "v3")
    expected = declaration(f"X  = 1\n{after}").replace(
        "import router\n", "import router\nfrom .api_v3 import router as router_v3\n"
    )
    assert expected.replace("\n", newline) == changed["component.py"]


@pytest.mark.parametrize(
    ("imported", "line"),
    [
        ("from .api import router as routes", "from .api_v2 import router as routes_v2"),
        ("from shop.orders.api import router", "from .api_v2 import router as router_v2"),
    ],
)
def test_an_import_under_another_name_is_followed(tmp_path: Path, imported: str, line: str) -> None:
    """What the new router is called begins with what the old one is called there."""
    local = imported.split()[-1]
    file = f"import fissile\n\n{imported}\n\ncomponent = fissile.Component(api={local})\n"
    changed = added(tmp_path, {COMPONENT: file})["component.py"]
    assert line in changed.splitlines()
    assert f'component = fissile.Component(api={{"": {local}, "v2": {local}_v2}})' in changed.splitlines()


FOLDER: Files = {
    "shop/orders/api.py": "",
    COMPONENT: declaration("component = Component(api=router)"),
    "shop/orders/api/__init__.py": "from .routes import router as router\n",
    "shop/orders/api/words.py": "HELLO = 1\n",
    "shop/orders/api/routes.py": """\
import shop.orders.api.words
import shop.orders.api.words as plain
from fastapi import APIRouter

from shop.orders import api, public
from shop.orders.api import words
from shop.orders.api.words import HELLO

from . import words as again
from .. import api as mine
from ..api import words as above
from ..api.words import HELLO as hello
from ..public import Orders

router = APIRouter()


@router.get("")
async def get() -> int:
    return shop.orders.api.words.HELLO + HELLO + words.HELLO + len(public.__name__)
""",
}


def test_a_folder_is_copied_with_what_it_imports_of_itself(tmp_path: Path) -> None:
    """However a module of the old version is imported, the copy imports that of the new one."""
    changed = added(tmp_path, {**FOLDER, "shop/orders/api/words.py": FOLDER["shop/orders/api/words.py"]})
    expected = str(FOLDER["shop/orders/api/routes.py"])
    for old, new in {
        "shop.orders.api": "shop.orders.api_v2",
        "import api,": "import api_v2 as api,",
        "import api as": "import api_v2 as",
        "from ..api": "from ..api_v2",
    }.items():
        expected = expected.replace(old, new)
    assert expected == changed["api_v2/routes.py"]
    assert FOLDER["shop/orders/api/__init__.py"] == changed["api_v2/__init__.py"]
    assert FOLDER["shop/orders/api/words.py"] == changed["api_v2/words.py"]
    assert "from .api_v2 import router as router_v2" in changed["component.py"].splitlines()


def test_a_router_out_of_a_module_of_a_folder_comes_from_there(tmp_path: Path) -> None:
    """The package of the routes need not export them."""
    file = str(FOLDER[COMPONENT]).replace("from .api import", "from .api.routes import")
    changed = added(tmp_path, {**FOLDER, "shop/orders/api/__init__.py": "", COMPONENT: file})
    assert "from .api_v2.routes import router as router_v2" in changed["component.py"].splitlines()


PARTS: Files = {
    "shop/orders/api_refunds.py": "from fastapi import APIRouter\n\nrouter = APIRouter()\n",
    "shop/orders/api_other.py": "",
    "shop/orders/api.py": "from fastapi import APIRouter\n\nfrom .api_refunds import router as refunds\n\n"
    'router = APIRouter()\nrouter.include_router(refunds, prefix="/refunds")\n',
}


def test_further_routers_are_copied_too(tmp_path: Path) -> None:
    """What `add router` wrote belongs to one version; a file that it does not import belongs to none."""
    changed = added(tmp_path, PARTS)
    assert {"api_v2.py", "api_v2_refunds.py", "component.py", "tests/test_orders_v2.py"} == set(changed)
    assert str(PARTS["shop/orders/api.py"]).replace("api_refunds", "api_v2_refunds") == changed["api_v2.py"]


def test_a_prefix_of_the_router_is_that_of_the_new_version(tmp_path: Path) -> None:
    """A router may say the prefix of its component itself; a copy of it would lie below it twice."""
    api = 'from fastapi import APIRouter\n\nrouter = APIRouter(prefix="/orders", tags=["orders"])\n'
    assert 'router = APIRouter(prefix="/orders/v2", tags=["orders"])' in added(
        tmp_path, {"shop/orders/api.py": api}
    )["api_v2.py"]  # fmt: skip


def test_a_copy_is_laid_out_as_its_original(tmp_path: Path) -> None:
    """What ruff would have changed before it leaves in the copy, byte for byte."""
    api = "from  fastapi import APIRouter\r\nrouter=APIRouter( )\r\n# the end"
    assert api == added(tmp_path, {"shop/orders/api.py": api.encode()})["api_v2.py"]


ADOPTED = "from fastapi import FastAPI\n\nrouter = FastAPI()\n"

REFUSED: Mapping[str, tuple[Files, tuple[str, str], str]] = {
    "unknown": ({}, ("order", "v2"), "did you mean orders?"),
    "no number": ({}, ("orders", "new"), "take v2"),
    "leading zero": ({}, ("orders", "v02"), "take v2"),
    "first": ({}, ("orders", "v1"), "the one without a name is the first"),
    "no API": ({}, ("suppliers", "v2"), "suppliers has no API"),
    "there already": (
        {COMPONENT: declaration('component = Component(api={"v1": router, "v4": router})')},
        ("orders", "v4"),
        "take v5",
    ),
    "adopted": ({"shop/orders/api.py": ADOPTED}, ("orders", "v2"), "the api of orders is no router that can be read"),
    "a function": (
        {COMPONENT: declaration("component = Component(api=make())")},
        ("orders", "v2"),
        "the api of orders is no router that can be read",
    ),
    "in the declaration": (
        {
            COMPONENT: "from fastapi import APIRouter\nfrom fissile import Component\n\nrouter = APIRouter()\n"
            "component = Component(api=router)\n"
        },
        ("orders", "v2"),
        "the api of orders is no router that can be read",
    ),
    "elsewhere": (
        {
            "shop/routes.py": "from fastapi import APIRouter\n\nrouter = APIRouter()\n",
            COMPONENT: declaration("component = Component(api=router)").replace("from .api", "from shop.routes"),
        },
        ("orders", "v2"),
        "the api of orders is no router that can be read",
    ),
    "one module": (
        {
            "shop/bills.py": "from fastapi import APIRouter\nfrom fissile import Component\n\nrouter = APIRouter()\n"
            "component = Component(api=router)\n"
        },
        ("bills", "v2"),
        "bills is one module",
    ),
    "a route of its path": (
        {
            "shop/orders/api.py": FILES["shop/orders/api.py"]
            + '\n\n@router.get("/v2/all")\nasync def a() -> None: ...\n'
        },
        ("orders", "v2"),
        "orders/api.py:18: orders answers /v2/all already",
    ),
    "no Python": ({**FOLDER, "shop/orders/api/words.py": "x = ("}, ("orders", "v2"), "words.py is not valid Python"),
    "a file of its name": ({"shop/orders/api_v2.py": ""}, ("orders", "v2"), "it is there already"),
    "a test of its name": ({"tests/test_orders_v2.py": ""}, ("orders", "v2"), "it is there already"),
}


@pytest.mark.parametrize(("files", "words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_have_a_version_is_refused(tmp_path: Path, files: Files, words: tuple[str, str], said: str) -> None:
    """Nothing is written then."""
    write(tmp_path, {**FILES, **files})
    before = contents(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        carry_out(add_version(find_in(tmp_path), *words))
    assert said in str(caught.value)
    assert before == contents(tmp_path)
