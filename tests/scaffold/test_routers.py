"""`fissile add router`: routes below a path of their own, that answer at once and take nothing from others."""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project import find_in
from fissile.scaffold.journal import carry_out
from fissile.scaffold.routers import add_router

from .shop import FILES, contents, write

Files = Mapping[str, str | bytes]

COMPONENT = "shop/orders/component.py"
API = "shop/orders/api.py"


def added(
    root: Path, files: Files, component: str = "orders", name: str = "refunds", version: str | None = None
) -> dict[str, str]:
    """What a step writes into a project, by path below the folder of the component; its tests come with their own."""
    write(root, {**FILES, **files})
    before = contents(root)
    carry_out(add_router(find_in(root), component, name, version))
    changed = {
        path: content for path, (_, content) in contents(root).items() if before.get(path, ("", ""))[1] != content
    }
    return {
        path.removeprefix(f"shop/{component}/"): content.decode()
        for path, content in changed.items()
        if isinstance(content, bytes) and content
    }


def test_it_is_included_before_all_routes(tmp_path: Path) -> None:
    """A route with a parameter, such as `/{order_id}`, takes no request from it."""
    changed = added(tmp_path, {}, name="late_refunds")
    assert ["api.py", "api_late_refunds.py", "tests/test_orders_late_refunds.py"] == sorted(changed)
    imported = "from .api_late_refunds import router as late_refunds_router\n"
    included = 'router.include_router(late_refunds_router, prefix="/late-refunds")\n'
    api = FILES[API].replace("from .public", f"{imported}from .public")
    assert api.replace('APIRouter(tags=["orders"])\n', f'APIRouter(tags=["orders"])\n{included}') == changed["api.py"]
    assert 'client.get("/orders/late-refunds")' in changed["tests/test_orders_late_refunds.py"]


LAYOUTS = {
    "no line at the end": (
        "from fastapi import APIRouter\nrouter=APIRouter()",
        "from fastapi import APIRouter\nfrom .api_refunds import router as refunds_router\nrouter=APIRouter()\n"
        'router.include_router(refunds_router, prefix="/refunds")\n',
    ),
    "several lines": (
        "import fastapi as f\n\nrouter: f.APIRouter = f.APIRouter(  # why\n  tags=['a'],\n)  # not\n\nx  = 1\n",
        "import fastapi as f\nfrom .api_refunds import router as refunds_router\n\n"
        "router: f.APIRouter = f.APIRouter(  # why\n  tags=['a'],\n)  # not\n"
        'router.include_router(refunds_router, prefix="/refunds")\n\nx  = 1\n',
    ),
    "a taken name": (
        "from fastapi import APIRouter\nfrom .other import refunds_router, refunds_router2\nrouter=APIRouter()\n",
        "from fastapi import APIRouter\nfrom .api_refunds import router as refunds_router3\n"
        "from .other import refunds_router, refunds_router2\nrouter=APIRouter()\n"
        'router.include_router(refunds_router3, prefix="/refunds")\n',
    ),
    "an import below": (
        '"""Routes."""\nfrom fastapi import APIRouter\n\nrouter=APIRouter()\n\nfrom . import other\nimport os\n',
        '"""Routes."""\nfrom fastapi import APIRouter\nfrom .api_refunds import router as refunds_router\n\n'
        'router=APIRouter()\nrouter.include_router(refunds_router, prefix="/refunds")\n\n'
        "from . import other\nimport os\n",
    ),
    "sorted": (
        "from fastapi import APIRouter\nfrom .zoo import a\nfrom .public import Orders\nrouter=APIRouter()\n",
        "from fastapi import APIRouter\nfrom .api_refunds import router as refunds_router\nfrom .zoo import a\n"
        "from .public import Orders\nrouter=APIRouter()\n"
        'router.include_router(refunds_router, prefix="/refunds")\n',
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("before", "after"), LAYOUTS.values(), ids=LAYOUTS)
def test_what_stands_there_stays(tmp_path: Path, before: str, after: str, newline: str) -> None:
    """Two lines are written, the import above and the inclusion directly below the router."""
    changed = added(tmp_path, {API: before.replace("\n", newline).encode()})["api.py"]
    assert after.replace("\n", newline) == changed
    ast.parse(changed)


@pytest.mark.parametrize(
    ("prefix", "path"),
    [("/orders", "/orders/refunds"), ("/orders/all", "/orders/all/refunds"), ("/all", "/orders/all/refunds")],
)
def test_a_prefix_of_the_router_counts(tmp_path: Path, prefix: str, path: str) -> None:
    """The test asks where the application answers."""
    api = f'from fastapi import APIRouter\n\nrouter = APIRouter(prefix="{prefix}")\n'
    assert f'client.get("{path}")' in added(tmp_path, {API: api})["tests/test_orders_refunds.py"]


SINGLE = "from fissile import Component\n\ncomponent = Component()\n"

FIRST: Mapping[str, tuple[Files, str, str]] = {
    "none": (
        {COMPONENT: SINGLE},
        "from fissile import Component\n\nfrom .api import router\n\ncomponent = Component(api=router)\n",
        '"""The orders over HTTP."""\n\nfrom fastapi import APIRouter\n\n'
        'from .api_refunds import router as refunds_router\n\nrouter = APIRouter(tags=["orders"])\n'
        'router.include_router(refunds_router, prefix="/refunds")\n',
    ),
    "said to be none": (
        {
            COMPONENT: SINGLE.replace("()", "(api=None, needs=[])"),
            API: "import fastapi\n\nrouter = fastapi.APIRouter()\n",
        },
        "from fissile import Component\n\nfrom .api import router\n\ncomponent = Component(api=router, needs=[])\n",
        "import fastapi\n\nfrom .api_refunds import router as refunds_router\n\nrouter = fastapi.APIRouter()\n"
        'router.include_router(refunds_router, prefix="/refunds")\n',
    ),
    "no versions yet": (
        {COMPONENT: SINGLE.replace("()", "(api={})"), API: "import fastapi\n\nroutes = fastapi.APIRouter()\n"},
        "from fissile import Component\n\nfrom .api import routes\n\ncomponent = Component(api=routes)\n",
        "import fastapi\n\nfrom .api_refunds import router as refunds_router\n\nroutes = fastapi.APIRouter()\n"
        'routes.include_router(refunds_router, prefix="/refunds")\n',
    ),
    "another router": (
        {COMPONENT: "from fissile import Component\n\nrouter = 1\ncomponent = Component(needs=[])\n"},
        "from fissile import Component\n\nfrom .api import router as router2\n\nrouter = 1\n"
        "component = Component(needs=[], api=router2)\n",
        "",
    ),
}


@pytest.mark.parametrize(("files", "component", "api"), FIRST.values(), ids=FIRST)
def test_a_component_without_routes_gets_its_first(tmp_path: Path, files: Files, component: str, api: str) -> None:
    """It declares its router then, which may be there already."""
    (tmp_path / API).parent.mkdir(parents=True)
    write(tmp_path, {**FILES, **files})
    if API not in files:
        (tmp_path / API).unlink()
    before = {name: text for name, text in FILES.items() if name != API}
    write(tmp_path, {**before, **files})
    carry_out(add_router(find_in(tmp_path), "orders", "refunds"))
    assert component == (tmp_path / COMPONENT).read_text()
    assert api in ("", (tmp_path / API).read_text())


def test_in_a_folder_of_routes_it_is_a_module_of_that(tmp_path: Path) -> None:
    """It is beside the file of the router."""
    routes = FILES[API].replace("from .public", "from ..public")
    component = FILES[COMPONENT].replace("from .api", "from .api.routes")
    (tmp_path / "shop/orders").mkdir(parents=True)
    changed = added(
        tmp_path, {"shop/orders/api/__init__.py": "", "shop/orders/api/routes.py": routes, COMPONENT: component}
    )
    assert {"api/refunds.py", "api/routes.py", "tests/test_orders_refunds.py"} == set(changed)
    assert "from .refunds import router as refunds_router" in changed["api/routes.py"].splitlines()


VERSIONS: Files = {
    "shop/orders/api_v2.py": FILES[API],
    COMPONENT: FILES[COMPONENT]
    .replace("import router\n", "import router\nfrom .api_v2 import router as router_v2\n")
    .replace("api=router", 'api={"": router, "v2": router_v2}'),
}


def test_a_version_has_routers_of_its_own(tmp_path: Path) -> None:
    """Each version can have one of the same name, with a test of its own."""
    changed = added(tmp_path, VERSIONS, version="v2")
    assert {"api_v2.py", "api_v2_refunds.py", "tests/test_orders_v2_refunds.py"} == set(changed)
    assert 'client.get("/orders/v2/refunds")' in changed["tests/test_orders_v2_refunds.py"]
    carry_out(add_router(find_in(tmp_path), "orders", "refunds", ""))
    assert 'client.get("/orders/refunds")' in (tmp_path / "tests/test_orders_refunds.py").read_text()


def route(line: str, above: str = "") -> Files:
    """The routes of orders with one more."""
    return {
        API: FILES[API].replace("router = API", f"{above}router = API") + f"\n\n{line}\nasync def more() -> None: ...\n"
    }


INNER = (
    "from fastapi import APIRouter\n\ninner = APIRouter()\n\n\n@inner.get('/refunds/')\nasync def get() -> None: ...\n"
)
INCLUDE = "from .more import inner\n"

REFUSED: Mapping[str, tuple[Files, tuple[str, ...], str]] = {
    "unknown": ({}, ("order", "refunds"), "did you mean orders?"),
    "no name": ({}, ("orders", "Refunds!"), "take refunds"),
    "a keyword": ({}, ("orders", "class"), "class is a keyword of Python"),
    "a version": (VERSIONS, ("orders", "v2", ""), "there is one of this name already"),
    "no version said": (VERSIONS, ("orders", "refunds"), "say which: --version v2"),
    "unknown version": (VERSIONS, ("orders", "refunds", "v3"), 'there are "", v2'),
    "no versions": ({}, ("orders", "refunds", "v2"), "orders has no version 'v2'"),
    "a file": ({"shop/orders/api_refunds.py": ""}, ("orders", "refunds"), "it is there already"),
    "a test": ({"tests/test_orders_refunds.py": ""}, ("orders", "refunds"), "it is there already"),
    "a route": (
        route('@router.get("/refunds")'),
        ("orders", "refunds"),
        "orders/api.py:18: orders answers /refunds already",
    ),
    "a route by name": (
        route('@router.post(status_code=201, path="/refunds/")'),
        ("orders", "refunds"),
        "api.py:18: orders",
    ),
    "a mount": (route('router.mount("/refunds", app)\n\n'), ("orders", "refunds"), "api.py:18: orders"),
    "a router with a prefix": (
        route('router.include_router(inner, prefix="/refunds")\n\n', INCLUDE),
        ("orders", "refunds"),
        "api.py:19: orders answers /refunds already",
    ),
    "a router with a prefix of its own": (
        {
            **route("router.include_router(inner)\n\n", INCLUDE),
            "shop/orders/more.py": INNER.replace("APIRouter()", 'APIRouter(prefix="/refunds")'),
        },
        ("orders", "refunds"),
        "api.py:19: orders answers /refunds already",
    ),
    "a route of a router": (
        {**route("router.include_router(inner)\n\n", INCLUDE), "shop/orders/more.py": INNER},
        ("orders", "refunds"),
        "more.py:6: orders answers /refunds already",
    ),
    "a router of the same file": (
        route('router.include_router(inner)\n\n\n@inner.get("/refunds")', "inner = APIRouter()\n"),
        ("orders", "refunds"),
        "api.py:22: orders answers /refunds already",
    ),
    "adopted": (
        {API: "from fastapi import FastAPI\n\nrouter = FastAPI()\n"},
        ("orders", "refunds"),
        "no router that can be read",
    ),
    "made": (
        {API: "from .making import make\n\nrouter = make()\n"},
        ("orders", "refunds"),
        "no router that can be read",
    ),
    "a prefix of somewhere": (
        {API: "from fastapi import APIRouter\n\nrouter = APIRouter(prefix=PREFIX)\n"},
        ("orders", "refunds"),
        "no router that can be read",
    ),
    "no router": (
        {COMPONENT: SINGLE, API: "x = 1\n"},
        ("orders", "refunds"),
        "no router that can be read",
    ),
    "one module": ({"shop/bills.py": SINGLE}, ("bills", "refunds"), "bills is one module"),
    "no Python": (
        {COMPONENT: "from fissile import Component\ncomponent = Component(\n"},
        ("orders", "refunds"),
        "not valid",
    ),
    "no Python in the api": ({API: "router = ("}, ("orders", "refunds"), "api.py is not valid Python"),
}


@pytest.mark.parametrize(("files", "words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_have_a_router_is_refused(tmp_path: Path, files: Files, words: tuple[str, ...], said: str) -> None:
    """Nothing is written then."""
    write(tmp_path, {**FILES, **files})
    before = contents(tmp_path)
    component, name, *version = words
    with pytest.raises(ConfigurationError) as caught:
        carry_out(add_router(find_in(tmp_path), component, name, *version))
    assert said in str(caught.value)
    assert before == contents(tmp_path)


def test_routes_with_other_paths_are_no_reason(tmp_path: Path) -> None:
    """Only what would never answer any more is refused."""
    files = {
        **route('@router.get("/refunds/{refund_id}")\n@router.get("/refunds-of-old")'),
        "shop/orders/more.py": INNER,
    }
    assert "api_refunds.py" in added(tmp_path, files)


def test_routers_in_a_circle_are_read_once(tmp_path: Path) -> None:
    """Whoever includes what includes them hears it of FastAPI, and does not wait for us."""
    more = "from fastapi import APIRouter\nfrom .api import router\ninner = APIRouter()\ninner.include_router(router)\n"
    files = {**route("router.include_router(inner)\n\n", INCLUDE), "shop/orders/more.py": more}
    assert "api_refunds.py" in added(tmp_path, files)
