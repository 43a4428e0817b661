"""What in a Python file refers to a component, and what only looks so."""

from pathlib import Path

import pytest

from fissile.scaffold.mentions.references import references
from fissile.scaffold.mentions.wording import Moved, Wording
from fissile.scaffold.source.edits import Written, read_python

WORDING = Wording("orders", "purchases", (Moved(("shop", "orders"), "purchases"),))


def renamed(text: str, module: str = "shop.main", exported: tuple[str, ...] = (), *, package: bool = False) -> str:
    """A module after `shop.orders` was renamed to `shop.purchases`."""
    file = Written(Path("__init__.py" if package else "module.py"), text.encode(), "utf-8")
    found = references(file, module, WORDING)
    return file.edited(mention.edit for mention in found.mentions(exported)).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import shop.orders.public\n", "import shop.purchases.public\n"),
        ("import shop.orders as o\no.x\n", "import shop.purchases as o\no.x\n"),
        (
            "import shop.orders.a, shop.users\nshop.orders.a.b()\n",
            "import shop.purchases.a, shop.users\nshop.purchases.a.b()\n",
        ),
        ("import shop as s\ns.orders.public.X\n", "import shop as s\ns.purchases.public.X\n"),
        ("import shop.users\nx = shop.orders\n", "import shop.users\nx = shop.purchases\n"),
        (
            "from shop.orders.public import X as orders\norders\n",
            "from shop.purchases.public import X as orders\norders\n",
        ),
        ("from shop.orders.public import *\n", "from shop.purchases.public import *\n"),
        ("from shop import *\norders.x\n", "from shop import *\npurchases.x\n"),
        ("from other import *\norders.x\n", "from other import *\norders.x\n"),
        ("from shop import orders as o, users\n", "from shop import purchases as o, users\n"),
        (
            "from shop import orders\norders.a.orders(orders=1)\n",
            "from shop import purchases\npurchases.a.orders(orders=1)\n",
        ),
        ("from . import orders\nprint(orders)\n", "from . import purchases\nprint(purchases)\n"),
        ("from .orders.public import X\n", "from .purchases.public import X\n"),
        ("from .orders import orders\norders.orders\n", "from .purchases import orders\norders.orders\n"),
    ],
)
def test_every_form_of_import_is_followed(before: str, after: str) -> None:
    """Modules, names that come from them, and dotted names that begin with them are renamed; other names are not."""
    assert after == renamed(before)


@pytest.mark.parametrize(
    ("module", "before", "after"),
    [
        ("shop.suppliers.service", "from ..orders import public\n", "from ..purchases import public\n"),
        ("shop.suppliers.service", "from .orders import public\n", "from .orders import public\n"),
        ("shop.orders.service", "from .orders import X\n", "from .orders import X\n"),
        ("shop.orders.service", "from .public import orders\n", "from .public import orders\n"),
        ("shop.orders.service", "from .. import orders\norders\n", "from .. import purchases\npurchases\n"),
        ("shop.orders.db.tables", "from ...orders.public import X\n", "from ...purchases.public import X\n"),
        ("tests.orders.test_x", "from ..orders import x\n", "from ..orders import x\n"),
    ],
)
def test_relative_imports_are_resolved_by_their_own_package(module: str, before: str, after: str) -> None:
    """What a dot stands for depends on the file, and only the component itself is renamed."""
    assert after == renamed(before, module)


@pytest.mark.parametrize(
    "text",
    [
        "import shop.orders2, shop.orders_archive, other.orders, my_orders, orders\norders.shop.orders\n",
        "from other.shop import orders\norders.x\n",
        "from shop.users import orders\norders.x\n",
        "def f(orders, shop):\n    orders.x = shop.orders\n    return orders\n",
        "class Orders:\n    orders = 1\n\n    def f(self) -> None:\n        self.orders\n",
        'x = "shop.orders2 shop.orders_archive my.shop.orders shop.orders-x orders http://a/shop.orders"\n',
        'x = "shop/orders2 shop/orders_archive my_shop/orders shop/orders.db /shop/orders/1 https://a/shop/orders/1"\n',
        'x = "REORDERS__X ORDERS_X XORDERS__ my_orders__x orders__status /var/lib/shop/orders unix:/run/shop/orders"\n',
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    """Longer names, other packages, locals, attributes, URLs and paths of the machine stay as they are."""
    assert text == renamed(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"shop.orders.service:OrderService"', '"shop.purchases.service:OrderService"'),
        ("'shop/orders/.env'", "'shop/purchases/.env'"),
        ('"../shop/orders", "src/shop/orders/"', '"../shop/purchases", "src/shop/purchases/"'),
        ('f"shop.orders.{x} {x!r} ORDERS__{x}"', 'f"shop.purchases.{x} {x!r} PURCHASES__{x}"'),
        ('"\\nshop.orders\\tshop.orders"', '"\\nshop.purchases\\tshop.purchases"'),
        ('r"\\shop.orders"', 'r"\\shop.purchases"'),
        ('b"ORDERS__MAXIMUM"', 'b"PURCHASES__MAXIMUM"'),
        ('"/run/secrets/orders__key"', '"/run/secrets/purchases__key"'),
        ("1  # see shop.orders.public", "1  # see shop.purchases.public"),
    ],
)
def test_dotted_names_paths_and_variables_in_strings(before: str, after: str) -> None:
    """A string or comment that says the module, its folder or a variable of it says the new one."""
    assert f"x = {after}\n" == renamed(f"x = {before}\n")


def test_a_docstring_follows() -> None:
    """What it says is prose, in which a dotted name is the module's."""
    assert '"""Ends with shop.purchases."""\n' == renamed('"""Ends with shop.orders."""\n')


@pytest.mark.parametrize(
    "text",
    [
        'x = "SELECT shop.orders.id FROM shop.orders"\n',
        'x = """\n    SELECT id\n    FROM shop.orders\n"""\n',
        'x = f"DELETE FROM shop.orders WHERE id = {y}"\n',
        'x = "shop.orders@example.com"\n',
        'x = "shop.orders:8080"\n',
    ],
)
def test_a_dotted_name_in_a_sentence_of_code_is_listed(text: str) -> None:
    """In SQL, an address or a host it can be anything: it stays, and its line is told."""
    assert text == renamed(text)
    found = references(Written(Path("m.py"), text.encode(), "utf-8"), "m", WORDING)
    assert 1 == len(found.strings)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('importlib.import_module(".orders.public", "shop")', 'importlib.import_module(".purchases.public", "shop")'),
        ('import_module(".orders", package="shop")', 'import_module(".purchases", package="shop")'),
        ('import_module("..orders", "shop.users")', 'import_module("..purchases", "shop.users")'),
        ('__import__("shop", fromlist=["orders"])', '__import__("shop", fromlist=["purchases"])'),
        (
            '__import__("shop", None, None, ("users", "orders"))',
            '__import__("shop", None, None, ("users", "purchases"))',
        ),
    ],
)
def test_an_import_that_is_called_is_followed(before: str, after: str) -> None:
    """A name that is relative to a package, both written out, is that of the module."""
    assert f"{after}\n" == renamed(f"{before}\n")


@pytest.mark.parametrize(
    "text",
    [
        'import_module(".orders", "other")\n',
        'import_module("..orders", "shop")\n',
        'import_module(".orders", package)\n',
        'import_module(*x, ".orders", "shop")\n',
        '__import__("other", fromlist=["orders"])\n',
        'load(".orders", "shop")\n',
    ],
)
def test_an_import_of_something_else_stays(text: str) -> None:
    """Another package, or one that is not written out, is not the component's; the word is told."""
    assert text == renamed(text)
    assert (1,) == references(Written(Path("m.py"), text.encode(), "utf-8"), "m", WORDING).strings


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'from shop import orders\nx: "list[orders.X]" = orders.y\n',
            'from shop import purchases\nx: "list[purchases.X]" = purchases.y\n',
        ),
        (
            'import shop as s\ndef f(x: "s.orders.X") -> "shop.orders.X": ...\n',
            'import shop as s\ndef f(x: "s.purchases.X") -> "shop.purchases.X": ...\n',
        ),
        (
            "try:\n    from shop import orders\nexcept ImportError:\n    orders = None\n",
            "try:\n    from shop import purchases as orders\nexcept ImportError:\n    orders = None\n",
        ),
        (
            "if TYPE_CHECKING:\n    from shop import orders\n\ndef f() -> 'orders.X':\n"
            "    from shop import orders\n    orders\n",
            "if TYPE_CHECKING:\n    from shop import purchases\n\ndef f() -> 'purchases.X':\n"
            "    from shop import purchases\n    purchases\n",
        ),
        (
            "def f():\n    from shop import orders\n    return [orders.x for _ in y], lambda: orders\n\n"
            "def g(orders):\n    orders\n",
            "def f():\n    from shop import purchases\n    return [purchases.x for _ in y], lambda: purchases\n\n"
            "def g(orders):\n    orders\n",
        ),
        (
            "from shop import orders\npurchases = orders.all()\n",
            "from shop import purchases as orders\npurchases = orders.all()\n",
        ),
        (
            "from shop import orders\n\n@fixture\ndef orders():\n    return orders\n",
            "from shop import purchases as orders\n\n@fixture\ndef orders():\n    return orders\n",
        ),
        ("class A:\n    from shop import orders\n", "class A:\n    from shop import purchases as orders\n"),
        (
            "def f():\n    global orders\n    from shop import orders\n",
            "def f():\n    global orders\n    from shop import purchases as orders\n",
        ),
        (
            'from shop import orders\n__all__ = [\n    "orders",\n]\n',
            'from shop import purchases as orders\n__all__ = [\n    "orders",\n]\n',
        ),
    ],
)
def test_a_local_name_is_renamed_where_nothing_else_is_meant(before: str, after: str) -> None:
    """A name that an import gives follows with its uses; where it is taken or shared, it stays by `as`."""
    assert after == renamed(before)


def test_a_package_in_a_package() -> None:
    """What the application's package is in belongs to the name."""
    wording = Wording("orders", "purchases", (Moved(("acme", "shop", "orders"), "purchases"),))
    before = (
        "import acme.shop.orders\nfrom acme import shop\nfrom acme.shop import orders\nfrom shop import orders as o\n"
        "x: 'shop.orders.X' = acme.shop.orders, shop.orders, orders, acme.orders\n"
        "y = 'acme.shop.orders acme/shop/orders shop.orders'\n"
    )
    after = (
        "import acme.shop.purchases\nfrom acme import shop\nfrom acme.shop import purchases\n"
        "from shop import orders as o\n"
        "x: 'shop.purchases.X' = acme.shop.purchases, shop.purchases, purchases, acme.orders\n"
        "y = 'acme.shop.purchases acme/shop/purchases shop.orders'\n"
    )
    file = Written(Path("module.py"), before.encode(), "utf-8")
    found = references(file, "tests.x", wording).mentions(())
    assert after == file.edited(mention.edit for mention in found).decode()


def test_a_name_that_others_take_from_a_module_stays() -> None:
    """What another file imports from here keeps its name."""
    before = "from shop import orders\norders.x\n"
    kept = "from shop import purchases as orders\norders.x\n"
    assert kept == renamed(before, "tests.tools", ("tools.orders",))
    assert kept == renamed(before, "shop.tools", ("shop.tools.orders",))


def test_the_package_itself_passes_the_module_on() -> None:
    """In the package's own `__init__.py` the name is the module's, and so is that in `__all__`."""
    before = 'from . import orders\n\n__all__ = ["orders", "shop"]\n__all__ += ["orders"]\nx = ["orders"]\n'
    after = 'from . import purchases\n\n__all__ = ["purchases", "shop"]\n__all__ += ["purchases"]\nx = ["orders"]\n'
    assert after == renamed(before, "shop", ("shop.orders",), package=True)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfimport shop.orders\r\nx = '\xc3\xbc'; shop.orders\r\n",
        b"# coding: latin-1\n\xfc = '\xfc'; import shop.orders; \xfc\n",
        b"if x:\n\timport shop.orders\n\tprint('\xf0\x9f\x98\x80', shop.orders)",
        b"\x0cimport shop.orders\r\rx = 1\r",
    ],
)
def test_bytes_around_a_name_stay(tmp_path: Path, content: bytes) -> None:
    """A mark of a byte order, another encoding, tabs, line ends and a missing last one are kept."""
    path = tmp_path / "main.py"
    path.write_bytes(content)
    file = read_python(path)
    found = references(file, "shop.main", WORDING)
    assert content.replace(b"orders", b"purchases") == file.edited(mention.edit for mention in found.mentions(()))


def test_what_stands_alone_is_listed() -> None:
    """The lines where the word is a whole string, and those where it is one word of a string or comment."""
    text = '"""Orders, my orders."""\nx = "orders"\n# orders\ny = "shop.orders my_orders"\norders = 1\n'
    found = references(Written(Path("m.py"), text.encode(), "utf-8"), "m", WORDING)
    assert ((2,), (1, 3)) == (found.exact, found.loose)
