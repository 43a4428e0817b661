"""One OpenAPI document, whose names do not depend on what is live."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import ModuleType
from typing import Annotated, Any, Generic, TypeVar

import pytest
from fastapi import APIRouter, Depends, FastAPI, Form
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, computed_field

from fissile import App
from fissile.generate.openapi import Description, compose, render
from fissile.runtime.http.openapi import unique_id
from tests.partitions import partitions
from tests.runtime.serving import Api, serve, unbound

Item = TypeVar("Item")


class Order(BaseModel):
    """An order, as others see it."""

    __module__ = "project.orders.public"
    id: int


class OrderForm(BaseModel):
    """What comes in and what goes out differ."""

    __module__ = "project.orders.api.schemas"
    id: int

    @computed_field
    def twice(self) -> int:
        """Only on its way out."""
        return self.id * 2


class ApiOrder(BaseModel):
    """Another order, inside."""

    __module__ = "project.orders.api.schemas"
    __qualname__ = "Order"
    forms: list[OrderForm] = []


class Supplier(BaseModel):
    """Of another component."""

    __module__ = "project.suppliers.public"
    name: str
    parent: "Supplier | None" = None


class Kind(StrEnum):
    """A definition that is no model."""

    __module__ = "project.suppliers.domain"
    one = "one"


class Health(BaseModel):
    """Of ``main.py``."""

    __module__ = "project.main"
    ok: bool


class Foreign(BaseModel):
    """Of a library."""

    __module__ = "library.schemas"
    a: int


class Page(BaseModel, Generic[Item]):
    """Of the project, and of no component."""

    __module__ = "project.paging"
    items: list[Item]


@pytest.fixture(autouse=True)
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the component ``orders`` the public module that its models say they are from."""
    module = ModuleType("project.orders.public")
    vars(module).update(Order=Order)
    monkeypatch.setitem(sys.modules, module.__name__, module)


def orders() -> APIRouter:
    """A router with models of every origin."""
    router = APIRouter(tags=["orders"])
    scheme = OAuth2PasswordBearer(tokenUrl="token")

    @router.post("", responses={409: {"model": Foreign}})
    async def place(order: Order) -> ApiOrder:
        """Places."""
        return ApiOrder()

    @router.get("")
    async def listing(page: int = 1) -> Page[Order]:
        """Lists."""
        return Page[Order](items=[])

    @router.get("/pages")
    async def pages() -> Page[Page[ApiOrder]]:
        """A generic in a generic."""
        return Page[Page[ApiOrder]](items=[])

    @router.put("/form", dependencies=[Depends(scheme)])
    async def form(a: Annotated[str, Form()], b: Annotated[str, Form()]) -> OrderForm:
        """Fills in."""
        return OrderForm(id=1)

    @router.api_route("/both", methods=["PUT", "POST", "DELETE"])
    async def both(form: OrderForm) -> None:
        """Several methods."""

    return router


def suppliers() -> APIRouter:
    """A router that refers to another component's model as well."""
    router = APIRouter()

    @router.get("/{kind}", responses={422: {"description": "My own"}, "default": {"description": "Whatever"}})
    async def get(kind: Kind) -> Supplier:
        """One."""
        return Supplier(name="")

    @router.get("/{kind}/orders")
    async def of(kind: Kind) -> list[Order]:
        """Its orders."""
        return []

    return router


def legacy() -> FastAPI:
    """A whole application, with names that collide with everybody's."""
    app = FastAPI(openapi_tags=[{"name": "old"}])

    class Order(BaseModel):
        parts: list[Supplier]

    @app.get("/orders", operation_id="place_orders_post", dependencies=[Depends(OAuth2PasswordBearer("token"))])
    async def get() -> Order:
        return Order(parts=[])

    @app.get("/")
    async def root(number: int) -> Health:
        return Health(ok=True)

    return app


def application(**apis: Api) -> App:
    """An application with these components."""
    app = App(title="Project", openapi_tags=[{"name": "orders"}])
    app.package = "project"

    @app.get("/health")
    async def health() -> Health:
        return Health(ok=True)

    @app.webhooks.post("paid")
    async def paid(order: Order) -> None:
        """Somebody has paid."""

    return serve(app, unbound, **apis)


def document(**apis: Api) -> dict[str, Any]:
    """The document of an application with these components."""
    return application(**apis).openapi()


def described(app: App) -> Description:
    """What a process says, after its way through JSON."""
    said: Description = json.loads(json.dumps(app.describe()))
    return said


def references(part: object) -> Iterator[str]:
    """Every ``$ref`` in a document."""
    if isinstance(part, Mapping):
        yield from (str(value) for key, value in part.items() if key == "$ref")
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def unresolved(whole: dict[str, Any]) -> list[str]:
    """The references that lead nowhere."""
    missing = []
    for reference in references(whole):
        found: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step, {})
        if not found:
            missing.append(reference)
    return missing


def operations(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Every operation."""
    return [operation for item in whole["paths"].values() for operation in item.values()]


def test_every_name_is_qualified_by_its_origin() -> None:
    """By component where there is one, by module where not; ``public`` has the short name if two have it."""
    assert [
        "Problem",
        "library.schemas.Foreign",
        "main.Health",
        "orders.Body_form_orders_form_put",
        "orders.Order",
        "orders.OrderForm-Input",
        "orders.OrderForm-Output",
        "orders.api.schemas.Order-Output",
        "paging.Page_orders.Order_",
        "paging.Page_orders.api.schemas.Order_-Output",
        "paging.Page_paging.Page_orders.api.schemas.Order__-Output",
        "suppliers.Kind",
        "suppliers.Supplier",
    ] == list(document(orders=orders(), suppliers=suppliers())["components"]["schemas"])


def test_every_reference_resolves() -> None:
    """In models, recursive ones too, in adopted documents and in problem documents."""
    whole = document(orders=orders(), suppliers=suppliers(), legacy=legacy())
    assert [] == unresolved(whole)
    assert len(list(references(whole))) > 20


@pytest.mark.parametrize("live", [{"orders"}, {"suppliers"}, {"legacy"}, {"orders", "legacy"}])
def test_what_is_live_changes_no_name(live: set[str]) -> None:
    """A process that runs some of the components describes them exactly as one that runs all."""
    apis: dict[str, Api] = {"orders": orders(), "suppliers": suppliers(), "legacy": legacy()}
    whole = document(**apis)
    part = document(**{name: api for name, api in apis.items() if name in live})
    for path, item in part["paths"].items():
        assert (path, item) == (path, whole["paths"][path])
    for name, schema in part["components"]["schemas"].items():
        assert (name, schema) == (name, whole["components"]["schemas"][name])


APIS: dict[str, Api] = {"orders": orders(), "suppliers": suppliers(), "legacy": legacy(), "older": legacy()}


@pytest.mark.parametrize("processes", partitions(list(APIS)), ids=json.dumps)
def test_processes_describe_what_one_would(processes: list[list[str]]) -> None:
    """Whichever of them runs what, their descriptions make the very bytes of the document of one that runs all."""
    parts = [described(application(**{name: APIS[name] for name in process})) for process in processes]
    assert render(document(**APIS)) == render(compose(parts))


def test_the_order_of_components_changes_nothing() -> None:
    """The document is written the same whatever was included first."""
    one = document(orders=orders(), suppliers=suppliers(), legacy=legacy(), older=legacy())
    two = document(older=legacy(), legacy=legacy(), suppliers=suppliers(), orders=orders())
    assert json.dumps(one) == json.dumps(two)
    assert ["put", "post", "delete"] == list(one["paths"]["/orders/both"])


def test_operation_ids_are_unique_and_say_the_method() -> None:
    """Also where a route has several methods, of which FastAPI takes whichever comes first in a set."""
    ids = [operation["operationId"] for operation in operations(document(orders=orders(), legacy=legacy()))]
    assert len(ids) == len(set(ids))
    assert {"both_orders_both_put", "both_orders_both_post", "both_orders_both_delete"} <= set(ids)


def test_colliding_operation_ids_of_the_user_are_told_apart() -> None:
    """Two components whose routers name their operations alike do not end up with one id."""
    one, two = APIRouter(), APIRouter()
    for router in (one, two):

        @router.get("/x", operation_id="list")
        async def listing() -> None:
            """Nothing."""

    ids = [operation["operationId"] for operation in operations(document(one=one, two=two))]
    assert ["health_health_get", "list", "two_list"] == ids


def test_errors_are_described_as_problems() -> None:
    """An invalid request and every other error refer to one schema; what the user declares stays."""
    paths = document(orders=orders(), suppliers=suppliers())["paths"]
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert {"description": "Validation Error", "content": content} == paths["/orders"]["post"]["responses"]["422"]
    assert content == paths["/health"]["get"]["responses"]["default"]["content"]
    declared = paths["/suppliers/{kind}"]["get"]["responses"]
    assert ("My own", "Whatever") == (declared["422"]["description"], declared["default"]["description"])


def test_an_adopted_document_is_merged_whole() -> None:
    """Its paths under the prefix, its names under the component's, its own kind of errors, its tags."""
    whole = document(orders=orders(), legacy=legacy())
    operation = whole["paths"]["/legacy/orders"]["get"]
    assert "legacy_place_orders_post" == operation["operationId"]
    assert [{"legacy.OAuth2PasswordBearer": []}] == operation["security"]
    assert {"legacy.Order", "legacy.Supplier", "legacy.HTTPValidationError"} <= whole["components"]["schemas"].keys()
    assert {"OAuth2PasswordBearer", "legacy.OAuth2PasswordBearer"} == whole["components"]["securitySchemes"].keys()
    assert "default" not in operation["responses"]
    assert [{"name": "orders"}, {"name": "old"}] == whole["tags"]


def test_a_name_of_two_components_is_never_lost() -> None:
    """A class inside a function of shared code, and a scheme: one text for two things, whoever runs where."""

    def listing(field: str) -> APIRouter:
        router = APIRouter()
        page = type("Page", (BaseModel,), {"__annotations__": {field: int}, "__module__": "project.paging"})
        scheme = OAuth2PasswordBearer(tokenUrl=field)

        @router.get("", dependencies=[Depends(scheme)])
        async def listed() -> page:  # type: ignore[valid-type]  # made here, as by a factory
            """Lists."""

        return router

    apis: dict[str, Api] = {"orders": listing("orders"), "suppliers": listing("suppliers")}
    whole = document(**apis)
    assert render(whole) == render(compose([described(application(**{name: api})) for name, api in apis.items()]))
    pages = {name: list(whole["components"]["schemas"][name]["properties"]) for name in PAGES}
    assert {"paging.Page": ["orders"], "suppliers.paging.Page": ["suppliers"]} == pages
    assert ["OAuth2PasswordBearer", "suppliers.OAuth2PasswordBearer"] == list(whole["components"]["securitySchemes"])
    assert [{"suppliers.OAuth2PasswordBearer": []}] == whole["paths"]["/suppliers"]["get"]["security"]
    assert [] == unresolved(whole)


PAGES = ("paging.Page", "suppliers.paging.Page")


def test_webhooks_are_described() -> None:
    """Those of ``main.py``, with names as everywhere, and those of an adopted application under its own."""
    old = legacy()

    @old.webhooks.post("paid")
    async def paid(health: Health) -> None:
        """Somebody has paid there."""

    whole = document(legacy=old)
    bodies = {
        name: item["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for name, item in whole["webhooks"].items()
    }
    assert {"paid": "orders.Order", "legacy.paid": "legacy.Health"} == bodies


def test_an_id_names_the_same_method_in_every_process() -> None:
    """Titles and bodies are named after it, and FastAPI's depends on the hash of the methods' names."""
    router = APIRouter(generate_unique_id_function=unique_id)
    for methods in (["POST", "GET"], ["TRACE", "DELETE", "PUT"], ["REPORT", "PROPFIND"], ["PROPFIND", "PATCH"]):
        router.add_api_route("/a/{b}", orders, methods=methods, response_model=None)
    ids = [unique_id(route) for route in router.routes]  # type: ignore[arg-type]  # they are routes of FastAPI
    assert ["orders_a__b__get", "orders_a__b__put", "orders_a__b__propfind", "orders_a__b__patch"] == ids


def test_two_adopted_versions_do_not_mix() -> None:
    """Each version of a component has its own names."""
    whole = document(legacy={"v1": legacy(), "v2": legacy()})
    assert {"legacy.v1.Order", "legacy.v2.Order"} <= whole["components"]["schemas"].keys()
    assert [] == unresolved(whole)


def test_the_document_follows_routes_that_are_added() -> None:
    """It is made once, and again when there are more routes."""
    app = serve(App(), orders=orders())
    assert app.openapi() is app.openapi()

    @app.get("/late")
    async def late() -> None:
        """Nothing."""

    assert "/late" in app.openapi()["paths"]


def test_separate_schemas_can_be_switched_off() -> None:
    """``separate_input_output_schemas=False`` gives one schema for both, as in FastAPI."""
    router = APIRouter()

    @router.post("")
    async def place(order: Order) -> Order:
        """Places."""
        return order

    app = serve(App(separate_input_output_schemas=False), orders=router)
    assert {"Problem", "orders.Order"} == set(app.openapi()["components"]["schemas"])


def test_without_components_the_document_is_fastapis() -> None:
    """Names, errors and all."""
    documents = []
    for cls in (FastAPI, App):
        app = cls()
        app.include_router(orders(), prefix="/orders")
        with pytest.warns(UserWarning, match="Duplicate Operation ID"):
            documents.append(app.openapi())
    assert documents[0] == documents[1]


def test_names_are_what_openapi_allows() -> None:
    """A key of the components object matches the pattern of OpenAPI 3.1, section 4.8.7."""
    whole = document(orders=orders(), suppliers=suppliers(), legacy=legacy())
    keys = [key for part in whole["components"].values() for key in part]
    assert [] == [key for key in keys if not re.fullmatch(r"[a-zA-Z0-9.\-_]+", key)]
