"""The inside of a component that lives elsewhere."""

import importlib.util
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fissile import App
from fissile.errors import ConfigurationError, Fault
from tests.runtime.projects import written
from tests.runtime.test_health import PUBLIC, STOCK

ORDERS = """
from fissile import Component

from ..stock.public import Stock

component = Component(needs=[Stock])
"""
REACHING = """
from fissile import Component

try:
    from ..stock.service import Service
except ImportError:
    Service = None
from ..stock.public import Stock

component = Component(needs=[Stock])
"""
MAIN = """
from fissile import App

app = App(__package__)
"""


@pytest.fixture(autouse=True)
def only_orders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is the one of orders, as far as the environment says, and forgets it afterwards."""
    monkeypatch.setenv("FISSILE_PLACEMENT", "apart")
    monkeypatch.setenv("FISSILE_PROCESS", "orders")
    before = list(sys.meta_path)
    yield
    sys.meta_path[:] = before


def files(orders: str, main: str = MAIN) -> dict[str, str]:
    """A project of stock and orders."""
    return {
        "main.py": main,
        "stock/public.py": PUBLIC,
        "stock/service.py": "import no_such_library_of_stock\n",
        "stock/component.py": f"import no_such_library_of_stock\n{STOCK}",
        "orders/component.py": orders,
    }


def fault_of(package: str) -> Fault:
    """The one fault that the application has."""
    with pytest.raises(ConfigurationError) as raised:
        _ = App(package).runtime
    (fault,) = raised.value.faults
    return fault


def test_a_process_imports_its_live_components_and_the_public_modules_of_others(tmp_path: Path) -> None:
    """What the others need is not installed here, and not missed."""
    with written(tmp_path, files(ORDERS)) as package:
        assert ["orders"] == list(App(package).runtime.live)
        loaded = {name.removeprefix(f"{package}.") for name in sys.modules if name.startswith(f"{package}.")}
        assert {"orders", "orders.component", "stock", "stock.public"} == loaded


def test_reaching_inside_a_component_that_lives_elsewhere_is_refused(tmp_path: Path) -> None:
    """Also where the import is allowed to fail: the processes would differ in silence."""
    with written(tmp_path, files(REACHING)) as package:
        fault = fault_of(package)
        inside = f"{package}.stock.service is inside the component stock, which does not live in this process"
        assert inside == fault.what
        assert fault.where.endswith("orders/component.py:5")
        assert "ask stock by an interface: needs=[...], Provided[...]" == fault.fix


def test_a_component_that_is_one_module_has_nothing_for_others(tmp_path: Path) -> None:
    """It provides HTTP only, so nothing of it may be imported elsewhere."""
    reaching = REACHING.replace("from ..stock.service import Service", "from .. import health")
    health = "from fissile import Component\n\ncomponent = Component()\n"
    with written(tmp_path, {**files(reaching), "health.py": health}) as package:
        assert f"{package}.health is inside the component health" in fault_of(package).what


def test_main_may_not_import_a_component_either(tmp_path: Path) -> None:
    """It runs in every process; the command line sets the guard before it imports main.py."""
    with written(tmp_path, files(ORDERS, f"{MAIN}\nfrom .stock import service\n")) as package:
        _ = App(package).runtime
        with pytest.raises(ConfigurationError, match="inside the component stock"):
            importlib.import_module(f"{package}.main")


WAYS: dict[str, Callable[[str], object]] = {
    "by its name": lambda package: importlib.import_module(f"{package}.stock.service"),
    "by a relative name": lambda package: importlib.import_module("..stock.service", f"{package}.orders"),
    "as a part of a pickle": lambda package: pickle.loads(f"c{package}.stock.service\nService\n.".encode()),
    "as a look": lambda package: importlib.util.find_spec(f"{package}.stock.service"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_is_refused(tmp_path: Path, way: str) -> None:
    """However the name is written, and whoever resolves it."""
    with written(tmp_path, files(ORDERS)) as package:
        _ = App(package).runtime
        with pytest.raises(ConfigurationError, match="inside the component stock") as raised:
            WAYS[way](package)
        assert [f"{__file__}:" in fault.where for fault in raised.value.faults]


def test_a_public_module_may_be_a_package(tmp_path: Path) -> None:
    """Its modules are public too, and what only begins with the same letters is not."""
    project = {path: text for path, text in files(ORDERS).items() if path != "stock/public.py"}
    project["stock/public/__init__.py"] = "from .interface import Stock\n"
    project |= {"stock/public/interface.py": PUBLIC, "stock/publicity.py": ""}
    with written(tmp_path, project) as package:
        assert ["orders"] == list(App(package).runtime.live)
        with pytest.raises(ConfigurationError, match="inside the component stock"):
            importlib.import_module(f"{package}.stock.publicity")


def test_an_application_that_is_placed_otherwise_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not kept from its own components by the one before it, nor is anybody else."""
    before = list(sys.meta_path)
    project = {**files(ORDERS), "stock/service.py": "", "stock/component.py": STOCK}
    with written(tmp_path, project) as package:
        assert ["orders"] == list(App(package).runtime.live)
        monkeypatch.delenv("FISSILE_PROCESS")
        monkeypatch.setenv("FISSILE_PLACEMENT", "together")
        assert ["orders", "stock"] == list(App(package).runtime.live)
        importlib.import_module(f"{package}.stock.service")
    assert before == sys.meta_path


@pytest.mark.parametrize("name", ["importlib_of_mine.py", "script.py"])
def test_the_place_is_that_of_the_import(tmp_path: Path, name: str) -> None:
    """Also in a file that is called as Python's own, and in a script, behind which nobody is."""
    with written(tmp_path, files(ORDERS)) as package:
        script = tmp_path / name
        script.write_text(f"from fissile import App\n\nApp({package!r}).runtime\nimport {package}.stock.service\n")
        found = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert f"ConfigurationError: {name}:4: {package}.stock.service is inside" in found.stderr
