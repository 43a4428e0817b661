"""Modules that become folders."""

import ast
from pathlib import PurePosixPath

import pytest

from fissile.scaffold.adding import component_files
from fissile.scaffold.entities import read_entity
from fissile.scaffold.layering import LAYERS, in_layers

ORDER = read_entity("Order: item=str at=datetime")


def layered(files: dict[str, str], home: str = "shop/orders") -> dict[str, str]:
    """The files of a component in layers."""
    found = in_layers({PurePosixPath(path): text for path, text in files.items()}, PurePosixPath(home))
    return {str(path): text for path, text in found.items()}


def test_places() -> None:
    """The four layers become folders, migrations go with the database, and all else is where it was."""
    stay = ["shop/orders/__init__.py", "shop/orders/public.py", "shop/orders/component.py", "tests/test_orders.py"]
    moved = {
        **{
            f"shop/orders/{layer}.py": [f"shop/orders/{layer}/{name}.py" for name in ("__init__", "orders")]
            for layer in LAYERS
        },
        "shop/orders/migrations/0001_start.py": ["shop/orders/db/migrations/0001_start.py"],
    }
    files = dict.fromkeys([*stay, *moved], "")
    assert sorted([*stay, *(path for paths in moved.values() for path in paths)]) == sorted(layered(files))


@pytest.mark.parametrize("home", ["shop/orders", "company/shop/orders", "db/db", "api/service"])
def test_only_its_own(home: str) -> None:
    """A module of the same name elsewhere is no layer of this component."""
    elsewhere = {"shop/db.py": "from . import x\n", "tests/api.py": "", f"{home}/deep/service.py": "from . import x\n"}
    assert elsewhere == layered(elsewhere, home)


def test_imports_are_relative_to_the_component() -> None:
    """What was beside a layer is one folder up; what is absolute or further up is the same thing as before."""
    text = (
        '"""A."""\n\nfrom . import domain\nfrom .db import (\n    A,\n)\nfrom ..paging import B\nfrom shop import C\n'
    )
    expected = text.replace("from .", "from ..")
    assert expected == layered({"shop/orders/service.py": text})["shop/orders/service/orders.py"]


@pytest.mark.parametrize(
    ("layer", "text", "offered"),
    [
        ("domain", "class Order: ...\n\n\ndef hello(): ...\n\n\ndef _own(): ...\n\n\nLIMIT = 3\n", ["Order", "hello"]),
        (
            "db",
            "metadata = MetaData()\ntable = Table()\n\n\nclass OrderRepository: ...\n",
            ["OrderRepository", "metadata"],
        ),
        ("api", "router = APIRouter()\n\n\nclass Shown: ...\n\n\nasync def get(): ...\n", ["router"]),
    ],
)
def test_the_face_of_a_layer(layer: str, text: str, offered: list[str]) -> None:
    """A folder offers what the other layers import, and says first what it is."""
    face = layered({f"shop/orders/{layer}.py": f'"""What it is.\n\nMore of it.\n"""\n\n{text}'})[
        f"shop/orders/{layer}/__init__.py"
    ]
    names, quoted = ", ".join(offered), ", ".join(f'"{name}"' for name in offered)
    assert f'"""What it is."""\n\nfrom .orders import {names}\n\n__all__ = [{quoted}]\n' == face


@pytest.mark.parametrize("entity", [None, ORDER], ids=["plain", "entity"])
@pytest.mark.parametrize("name", ["orders", "domain", "db", "service", "api", "migrations"])
def test_every_name_is_there(name: str, entity: object) -> None:
    """In a component of layers every import of its own finds what it imports."""
    files = component_files("shop", name, ORDER if entity else None)
    made = in_layers(files, PurePosixPath("shop", name))
    modules = {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__"): ast.parse(text) for path, text in made.items()
    }
    packages = {".".join(path.parent.parts) for path in made if path.name == "__init__.py"} | {"shop"}
    for module, tree in modules.items():
        package = module if module in packages else module.rpartition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                source = f"{base}.{node.module}" if node.module else base
                for each in node.names:
                    assert f"{source}.{each.name}" in modules or each.name in _names(modules[source]), (
                        module,
                        each.name,
                    )


def _names(tree: ast.Module) -> set[str]:
    """What a module has at its top."""
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = {each.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for each in node.names}
    return stored | imported | {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
