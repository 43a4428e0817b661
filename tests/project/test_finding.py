"""Finding components on disk and reading what they declare, without importing them."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fissile.errors import ConfigurationError
from fissile.project import Edge, Project, find, find_in

SHOP = {
    "pyproject.toml": '[tool.fastapi]\nentrypoint = "shop.main:app"\n',
    "shop/__init__.py": "",
    "shop/main.py": "from fissile import App, Component\napp = App(__package__)\ncomponent = Component()\n",
    "shop/helpers/__init__.py": "raise RuntimeError('never imported')\n",
    "shop/plain.py": "from elsewhere import Component\ncomponent = Component()\n",
    "shop/health_check.py": (
        "from fastapi import APIRouter\nfrom fissile import Component\n"
        "router = APIRouter()\ncomponent = Component(api=router)\n"
    ),
    "shop/suppliers/__init__.py": "",
    "shop/suppliers/public/__init__.py": "from .interface import Suppliers as Suppliers\n",
    "shop/suppliers/public/interface.py": "class Suppliers: ...\n",
    "shop/suppliers/component.py": (
        "from fissile import Component\nfrom shop.suppliers import public\n"
        "from .service import SupplierService\n"
        "component = Component(provides={public.Suppliers: SupplierService}, id=None, prefix=None)\n"
    ),
    "shop/orders/__init__.py": "",
    "shop/orders/public.py": "class Orders: ...\nclass OrderPlaced: ...\n",
    "shop/orders/component.py": (
        "import fissile\n"
        "if TYPE_CHECKING:\n"
        "    import shop.orders.public as own\n"
        "from fissile import authenticated\n"
        "from ..suppliers.public import Suppliers as Others\n"
        "try:\n"
        "    from ..suppliers.public import SupplierRemoved\n"
        "except ImportError: pass\n"
        "from .settings import OrderSettings\n"
        "raise RuntimeError('never imported')\n"
        "component: fissile.Component = fissile.Component(\n"
        "    provides={own.Orders: OrderService},\n"
        "    needs=[Others],\n"
        "    policy=authenticated,\n"
        "    settings=OrderSettings,\n"
        "    database=Database(metadata),\n"
        "    handles={SupplierRemoved: OrderService.cancel},\n"
        '    prefix="/trade/orders",\n'
        '    id="bestellungen",\n'
        ")\n"
    ),
}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Writes a tree of files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def shop(folder: Path, monkeypatch: pytest.MonkeyPatch, changes: Mapping[str, str] | None = None) -> Project:
    """Writes a shop, possibly changed, and finds it."""
    monkeypatch.chdir(write(folder, SHOP | dict(changes or {})))
    return find_in(folder)


def test_components_are_packages_with_a_component_module_and_single_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Helpers, plain modules and main.py are no components."""
    found = [(c.name, c.module, c.single_module, c.public) for c in shop(tmp_path, monkeypatch).components]
    expected = [
        ("health_check", "shop.health_check", True, None),
        ("orders", "shop.orders.component", False, "shop.orders.public"),
        ("suppliers", "shop.suppliers.component", False, "shop.suppliers.public"),
    ]
    assert expected == found


def test_the_json_form_is_stable_and_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part of a literal declaration is read; interfaces are named by the module that defines them."""
    project = shop(tmp_path, monkeypatch)
    components = project.as_json()["components"]
    assert isinstance(components, list)
    expected = {
        "name": "orders",
        "id": "bestellungen",
        "prefix": "/trade/orders",
        "module": "shop.orders.component",
        "public": "shop.orders.public",
        "api": False,
        "provides": ["shop.orders.public.Orders"],
        "needs": ["shop.suppliers.public.interface.Suppliers"],
        "handles": ["shop.suppliers.public.SupplierRemoved"],
        "settings": "shop.orders.settings.OrderSettings",
        "database": True,
        "policy": "authenticated",
        "file": "shop/orders/component.py",
        "line": 11,
    }
    assert expected == components[1]
    assert ("/health-check", True) == (components[0]["prefix"], components[0]["api"])
    edge = {"consumer": "orders", "provider": "suppliers", "interface": "shop.suppliers.public.interface.Suppliers"}
    assert [edge] == project.as_json()["edges"]
    assert ("suppliers", "/suppliers") == (components[2]["id"], components[2]["prefix"])


def test_a_single_module_has_no_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder around it is not its own, and what lies there may be another's."""
    project = shop(tmp_path, monkeypatch)
    assert None is project.component("health_check").env_file
    assert tmp_path / "shop" / "orders" / ".env" == project.component("orders").env_file


def test_nothing_of_the_project_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding and reading work although importing any of it would fail."""
    before = set(sys.modules)  # other tests may have imported a shop
    project = shop(tmp_path, monkeypatch, {"shop/__init__.py": "raise RuntimeError('never imported')\n"})
    assert () == project.faults()
    assert [] == [name for name in set(sys.modules) - before if name == "shop" or name.startswith("shop.")]


def test_an_importable_package_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`find` takes what main.py has, its package, and imports none of the components."""
    files = {name.replace("shop/", "findable/", 1): text.replace("shop.", "findable.") for name, text in SHOP.items()}
    write(tmp_path, files)
    monkeypatch.syspath_prepend(tmp_path)
    project = find("findable")
    assert ["health_check", "orders", "suppliers"] == [component.name for component in project.components]
    assert (tmp_path, tmp_path / "findable") == (project.root, project.folder)
    assert (Edge("orders", "suppliers", "findable.suppliers.public.interface.Suppliers"),) == project.graph()
    assert [] == [name for name in sys.modules if name.startswith("findable.")]


@pytest.mark.parametrize(
    ("package", "what"),
    [
        ("", "App(__package__) was given no package"),
        ("no_such_package_here", "there is no package 'no_such_package_here'"),
        ("no_such_package_here.inner", "there is no package 'no_such_package_here.inner'"),
        ("keyword", "'keyword' is a module, not a package"),
    ],
)
def test_what_is_no_package_is_refused(package: str, what: str) -> None:
    """A package that cannot be found is a mistake of configuration, with a fix."""
    with pytest.raises(ConfigurationError) as raised:
        find(package)
    (fault,) = raised.value.faults
    assert what == fault.what
    assert "" != fault.fix


def test_faults_name_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A need that nobody provides is reported at the line of the need."""
    changed = {"shop/suppliers/component.py": "from fissile import Component\ncomponent = Component()\n"}
    (fault,) = shop(tmp_path, monkeypatch, changed).faults()
    assert "shop/orders/component.py:13" == fault.where
    assert "write provides={Suppliers: ...} in shop/suppliers/component.py:2, or remove the need" == fault.fix


def test_what_is_not_literal_is_noted_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A declaration that has to be run to be known is pointed out, and nothing is concluded from it."""
    text = (
        "from fissile import Component\n"
        "component = Component(\n"
        "    provides=all_of_them(),\n"
        "    needs=[*Others, Unknown],\n"
        "    prefix=PREFIX,\n"
        "    handles={**more},\n"
        "    **options,\n"
        ")\n"
    )
    project = shop(tmp_path, monkeypatch, {"shop/suppliers/component.py": text})
    file = "shop/suppliers/component.py"
    expected = [
        ("** cannot be read: options", f"{file}:7"),
        ("prefix cannot be read: PREFIX", f"{file}:5"),
        ("provides cannot be read: all_of_them()", f"{file}:3"),
        ("needs cannot be read: *Others", f"{file}:4"),
        ("needs cannot be read: Unknown", f"{file}:4"),
        ("handles cannot be read: more", f"{file}:6"),
    ]
    assert sorted(expected) == sorted((fault.what, fault.where) for fault in project.faults())


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("Supliers", "did you mean Suppliers?"),
        ("publik.Suppliers", "did you mean public.Suppliers?"),
        ("Locl", "did you mean Local?"),
        ("Accounts", "write it literally, with imported or local names"),
        ("all_of_them()", "write it literally, with imported or local names"),
        ("made().Suppliers", "write it literally, with imported or local names"),
    ],
)
def test_a_mistyped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, fix: str) -> None:
    """The note of a name that is neither imported nor local says which one of those is like it."""
    text = (
        "from fissile import Component\n"
        "from shop.suppliers import public\n"
        "from shop.suppliers.public import Suppliers\n"
        "class Local: ...\n"
        f"component = Component(needs=[{written}])\n"
    )
    (fault,) = shop(tmp_path, monkeypatch, {"shop/audit/component.py": text}).faults()
    expected = (f"needs cannot be read: {written}", "shop/audit/component.py:5", fix)
    assert expected == (fault.what, fault.where, fault.fix)


def test_an_imported_name_that_is_no_literal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was not mistyped: nothing is said about other names."""
    text = "from fissile import Component\nfrom .words import PREFIX, needed\n"
    text += "component = Component(prefix=PREFIX, needs=needed)\n"
    faults = shop(tmp_path, monkeypatch, {"shop/audit/component.py": text}).faults()
    assert 2 * ["write it literally, with imported or local names"] == [fault.fix for fault in faults]


def test_a_component_of_another_class_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made by something else cannot be read, whatever its arguments are called."""
    text = "from .making import made\ncomponent = made(provides={})\n"
    (fault,) = shop(tmp_path, monkeypatch, {"shop/audit/component.py": text}).faults()
    assert ("component cannot be read: made(provides={})", "shop/audit/component.py:2") == (fault.what, fault.where)


def test_a_component_module_without_a_component_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A component.py that declares nothing says how to declare."""
    (fault,) = shop(tmp_path, monkeypatch, {"shop/audit/component.py": "x = 1\n"}).faults()
    assert ("shop.audit.component declares no component", "shop/audit/component.py:1") == (fault.what, fault.where)


def test_a_syntax_error_is_a_note_and_the_rest_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is no Python does not keep the others from being listed."""
    project = shop(tmp_path, monkeypatch, {"shop/audit/component.py": "\ncomponent = (\n"})
    (fault,) = project.faults()
    assert "shop/audit/component.py:2" == fault.where
    assert "component.py is not valid Python: '(' was never closed" == fault.what
    assert ["audit", "health_check", "orders", "suppliers"] == [component.name for component in project.components]


def test_a_package_hides_a_module_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Python, the folder wins, and the component is counted once."""
    module = "from fissile import Component\ncomponent = Component()\n"
    project = shop(tmp_path, monkeypatch, {"shop/suppliers.py": module})
    assert "shop.suppliers.component" == project.component("suppliers").module
    assert 3 == len(project.components)


def test_a_mistyped_component_gets_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for a component that does not exist says which one may have been meant."""
    with pytest.raises(ConfigurationError) as raised:
        shop(tmp_path, monkeypatch).component("order")
    (fault,) = raised.value.faults
    assert ("shop has no component 'order'", "did you mean orders?") == (fault.what, fault.fix)


def test_the_project_is_found_from_a_folder_inside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest pyproject.toml with an entrypoint counts, wherever the command is started below it."""
    project = shop(tmp_path, monkeypatch)
    assert project.root == find_in(tmp_path / "shop" / "orders").root
    assert "shop.main:app" == find_in(tmp_path / "shop").entrypoint


@pytest.mark.parametrize(
    ("files", "name", "entrypoint", "root"),
    [
        ({"shop/main.py": ""}, "shop", "shop.main:app", "."),
        ({"src/shop/main.py": ""}, "shop", "shop.main:app", "src"),
        ({"main.py": ""}, "", "main:app", "."),
        ({"pyproject.toml": '[tool.fastapi]\nentrypoint = "web:app"\n', "web.py": ""}, "", "web:app", "."),
        (
            {"pyproject.toml": '[tool.fastapi]\nentrypoint = "a.b.web:app"\n', "src/a/b/web.py": ""},
            "a.b",
            "a.b.web:app",
            "src",
        ),
    ],
)
def test_an_application_is_found_in_every_usual_layout(
    tmp_path: Path, files: Mapping[str, str], name: str, entrypoint: str, root: str
) -> None:
    """One file, a package beside pyproject.toml, below src, and one inside another."""
    project = find_in(write(tmp_path, files))
    assert (name, entrypoint, tmp_path / root) == (project.name, project.entrypoint, project.root)


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({}, "there is no application here"),
        ({"a/main.py": "", "b/main.py": ""}, "several packages have a main.py: a, b"),
        ({"pyproject.toml": "[tool"}, "pyproject.toml is not valid: "),
        ({"pyproject.toml": "[tool.fastapi]\nentrypoint = 3\n"}, "the entrypoint of [tool.fastapi] is no module:name"),
        ({"pyproject.toml": '[tool.fastapi]\nentrypoint = "shop.main:app"\n'}, "there is no package 'shop' in "),
    ],
)
def test_a_folder_without_one_application_is_refused(tmp_path: Path, files: Mapping[str, str], what: str) -> None:
    """What cannot be decided is said, with the line to write."""
    with pytest.raises(ConfigurationError) as raised:
        find_in(write(tmp_path, files))
    (fault,) = raised.value.faults
    assert what == fault.what[: len(what)]
