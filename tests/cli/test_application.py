"""An application that cannot be found or loaded is one clear error with exit code 3."""

import pytest

from .terminal import Terminal

CONFIGURED = {"pyproject.toml": '[tool.fastapi]\nentrypoint = "one:app"\n'}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {},
            """\
error: there is no application here
    why: the application is where [tool.fastapi] says, or in the one package with a main.py
    fix: change to your project, or write [tool.fastapi] entrypoint = "shop.main:app" into pyproject.toml
""",
        ),
        (
            CONFIGURED,
            """\
error: there is no module 'one'
    why: the application is said to be one:app
    fix: correct the name, or [tool.fastapi] entrypoint in pyproject.toml
""",
        ),
        (
            {**CONFIGURED, "one.py": "from fastapi import FastAPI\n\napp = FastAPI()\n"},
            """\
error: one.py: app is a FastAPI, and not an App
    why: components, calls and reserved paths belong to App, which is a FastAPI with everything as ever
    fix: from fissile import App, and write app = App()
""",
        ),
        (
            {
                "pyproject.toml": '[tool.fastapi]\nentrypoint = "one.main:app"\n',
                "one/__init__.py": "",
                "one/main.py": "from fissile import App\n\napp = App()\n",
                "one/part.py": "from fissile import Component\n\ncomponent = Component()\n",
            },
            """\
error: one.main:app: app is an App without components, and there are part
    why: App() is plain FastAPI; components are looked for in the package that it is told
    fix: write app = App(__package__)
""",
        ),
        (
            {**CONFIGURED, "one.py": "from fissile import App\n\napi = App()\n"},
            """\
error: one.py: one has no 'app'
    fix: did you mean one:api?
""",
        ),
    ],
)
def test_an_application_that_is_not_there(terminal: Terminal, files: dict[str, str], said: str) -> None:
    """What is wrong, where, why, and what to write instead."""
    terminal.write(files)
    result = terminal.run("run", "--port", "0")
    assert (3, "", said) == (result.code, result.out, result.err)


def test_every_fault_of_the_components_at_once(bolts: Terminal) -> None:
    """What is wrong with the components is said in one go, before anything is served."""
    text = 'from fissile import Component\n\ncomponent = Component(prefix="/suppliers", id="suppliers")\n'
    bolts.write({"bolts/orders/component.py": text})
    result = bolts.run("run", "--port", "0")
    assert (3, "") == (result.code, result.out)
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert 2 == len(errors), result.err
    assert "Traceback" not in result.err


def test_the_users_own_exception_is_shown_whole_and_alone(bolts: Terminal) -> None:
    """A component whose import fails shows the user's traceback from the first line that is the user's."""
    bolts.write({"bolts/suppliers/service.py": "import no_such_library\n"})
    result = bolts.run("openapi")
    assert (3, "") == (result.code, result.out)
    assert (
        f"""\
Traceback (most recent call last):
  File "{bolts.folder}/bolts/suppliers/component.py", line 5, in <module>
    from .service import SupplierService
  File "{bolts.folder}/bolts/suppliers/service.py", line 1, in <module>
    import no_such_library
ModuleNotFoundError: No module named 'no_such_library'
"""
        == result.err
    )


def test_a_syntax_error_is_shown_where_it_is(bolts: Terminal) -> None:
    """A file that is no Python is shown with its line, and nothing of ours."""
    bolts.write({"bolts/main.py": "app = (\n"})
    result = bolts.run("openapi")
    assert (3, "") == (result.code, result.out)
    assert (
        f"""\
  File "{bolts.folder}/bolts/main.py", line 1
    app = (
          ^
SyntaxError: '(' was never closed
"""
        == result.err
    )


def test_the_application_may_be_named(bolts: Terminal) -> None:
    """An argument wins over pyproject.toml."""
    bolts.write(
        {"other/__init__.py": "", "other/main.py": "from fissile import App\n\nweb = App(__package__, title='Other')\n"}
    )
    assert '"title": "Other"' in bolts.run("openapi", "other.main:web").out


def test_a_command_works_below_the_folder_of_the_project(bolts: Terminal) -> None:
    """The nearest pyproject.toml upwards says where the application is."""
    below = Terminal(bolts.folder / "bolts" / "orders")
    assert '"title": "Bolts"' in below.run("openapi").out


def test_a_lifespan_that_fails_is_the_users_own_exception(terminal: Terminal) -> None:
    """Whoever serves or calls sees it whole, and the application counts as one that cannot start."""
    terminal.write(
        {
            "two/__init__.py": "",
            "two/main.py": "from contextlib import asynccontextmanager\n\nfrom fissile import App\n\n\n"
            "@asynccontextmanager\nasync def lifespan(app):\n    raise RuntimeError('no cache')\n    yield\n\n\n"
            "app = App(__package__, lifespan=lifespan)\n",
            "two/things/__init__.py": "",
            "two/things/public.py": "from typing import Protocol\n\nfrom fissile import Interface\n\n\n"
            "class Things(Interface, Protocol):\n    async def count(self) -> int: ...\n",
            "two/things/component.py": "from fissile import Component\n\nfrom .public import Things\n\n\n"
            "class Service(Things):\n    async def count(self) -> int:\n        return 1\n\n\n"
            "component = Component(provides={Things: Service})\n",
        }
    )
    served = terminal.run("run", "--port", "0")
    called = terminal.run("call", "things.count")
    for result in (served, called):
        assert (3, "") == (result.code, result.out)
        assert f'File "{terminal.folder}/two/main.py", line 8, in lifespan' in result.err
        assert "RuntimeError: no cache" in result.err.splitlines()
