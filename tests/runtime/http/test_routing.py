"""Routers of components inside one application: flattened, bound, found by prefix."""

import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import EventSourceResponse, PlainTextResponse
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.staticfiles import StaticFiles
from starlette.routing import Host, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Scope

from fissile import App, ConfigurationError, Provided, authenticated, requires
from fissile.errors import Fault
from fissile.runtime.app import Served
from fissile.runtime.http.routing import Branch
from tests.runtime.serving import serve, unbound


class Numbers:
    """Stands for an interface."""

    def __init__(self, start: int = 0) -> None:
        self.start = start

    def next(self) -> int:
        """A number."""
        return self.start + 1


class CountingRoute(APIRoute):
    """A route class of the user's own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Adds a header to every response."""
        handler = super().get_route_handler()

        async def counting(request: Request) -> Response:
            response = await handler(request)
            response.headers["x-route"] = self.path
            return response

        return counting


def everything() -> APIRouter:
    """A router with one of each kind of route, nested twice."""
    router = APIRouter(
        tags=["outer"], dependencies=[Depends(mark)], responses={409: {"description": "Conflict"}}, deprecated=True
    )
    nested = APIRouter(
        prefix="/nested", tags=["inner"], route_class=CountingRoute, default_response_class=PlainTextResponse
    )
    deepest = APIRouter(max_body_size=100)

    @router.get("", name="index")
    async def index() -> list[int]:
        return []

    @nested.post("/items/{item_id}", status_code=201, operation_id="put_it")
    async def item(item_id: int) -> str:
        return str(item_id)

    @deepest.api_route("/both", methods=["GET", "PUT"], include_in_schema=False)
    async def both(request: Request) -> str:
        return str(len(await request.body()))

    @deepest.websocket("/socket/{word}")
    async def socket(websocket: WebSocket, word: str) -> None:
        await websocket.accept()
        await websocket.send_text(word)
        await websocket.close()

    async def plain(request: Request) -> Response:
        return PlainTextResponse(f"{request.url.path} {len(await request.body())}")

    async def pure_socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close(4000)

    deepest.routes.append(Route("/plain", plain, methods=["GET", "POST"]))
    deepest.routes.append(WebSocketRoute("/pure", pure_socket))
    deepest.routes.append(Mount("/files", StaticFiles(directory=Path(__file__).parent), name="files"))
    deepest.routes.append(Host("host.test", PlainTextResponse("host")))
    nested.include_router(deepest, prefix="/deep", tags=["deepest"], dependencies=[Depends(mark)])
    router.include_router(nested, responses={410: {"description": "Gone"}})
    return router


def mark(response: Response) -> None:
    """A dependency that leaves a mark."""
    response.headers["x-mark"] = "yes"


DESCRIBING = (
    "path", "path_format", "name", "methods", "tags", "responses", "status_code", "operation_id", "deprecated",
    "include_in_schema", "summary", "description", "response_class", "max_body_size", "response_model",
)  # fmt: skip


def described(app: FastAPI, below: str) -> list[tuple[object, ...]]:
    """What FastAPI and other tools read of the routes under a path."""
    return [
        (
            type(context.original_route),
            len(getattr(context, "dependencies", ())),
            *(getattr(context, name, None) for name in DESCRIBING),
        )
        for context in iter_route_contexts(app.router.routes)
        if (context.path or "").startswith(below)
    ]


def test_a_flattened_route_is_what_fastapi_would_have_included() -> None:
    """Everything that an inclusion passes down reaches the flat routes, whatever their kind."""
    included = FastAPI(dependencies=[Depends(mark)], responses={418: {"description": "Teapot"}})
    included.include_router(everything(), prefix="/part")
    app = App(dependencies=[Depends(mark)], responses={418: {"description": "Teapot"}})
    serve(app, part=everything())
    assert described(included, "/part") == described(app, "/part")
    assert len(described(app, "/part")) == 7


def test_flat_routes_are_ordinary_routes_of_the_application() -> None:
    """Other people's tools find routes with full paths, of their own classes, in ``app.routes``."""
    app = serve(App(), part=everything())
    found = {route.path: type(route) for route in app.routes if isinstance(route, Route | WebSocketRoute | Mount)}
    assert found["/part/nested/items/{item_id}"] is CountingRoute
    assert found["/part/nested/deep/files"] is Mount
    assert "/part/nested/deep/plain" == app.url_path_for("plain")
    assert "/part/nested/deep/files/x" == app.url_path_for("files", path="x")


def test_every_kind_of_route_answers() -> None:
    """Routes, sockets, mounts and hosts of a component, each through its prefix."""
    with TestClient(serve(App(), part=everything())) as client:
        created = client.post("/part/nested/items/7")
        assert (201, "7", "yes", "/part/nested/items/{item_id}") == (
            created.status_code, created.text, created.headers["x-mark"], created.headers["x-route"]
        )  # fmt: skip
        assert "/part/nested/deep/plain 0" == client.get("/part/nested/deep/plain").text
        assert client.get("/part/nested/deep/files/test_routing.py").status_code == 200
        assert "[]" == client.get("/part").text
        with client.websocket_connect("/part/nested/deep/socket/word") as socket:
            assert "word" == socket.receive_text()


def test_limits_of_nested_routers_hold() -> None:
    """A body limit on an included router holds for its routes, also for those that are not FastAPI's."""
    with TestClient(serve(App(), part=everything())) as client:
        assert client.put("/part/nested/deep/both", content=b"x" * 100).text == "100"
        assert client.put("/part/nested/deep/both", content=b"x" * 101).status_code == 413
        assert client.post("/part/nested/deep/plain", content=b"x" * 100).status_code == 200
        assert client.post("/part/nested/deep/plain", content=b"x" * 101).status_code == 413
        assert client.post("/part/nested/items/7", content=b"x" * 101).status_code == 201


def test_form_limits_are_inherited() -> None:
    """Form limits of the application, the outer and the inner router and the route, the innermost first."""
    router, inner = APIRouter(form_limits={"max_fields": 3}), APIRouter(form_limits={"max_part_size": 4})

    @inner.post("/two", form_limits={"max_fields": 1})
    async def two(a: Annotated[str, Form()]) -> str:
        return a

    @inner.post("/one")
    async def one(a: Annotated[str, Form()]) -> str:
        return a

    router.include_router(inner)
    other = APIRouter()
    other.add_api_route("/one", one, methods=["POST"])
    with TestClient(serve(App(form_limits={"max_fields": 2}), part=router, other=other)) as client:
        statuses = [
            client.post(path, files=[(name, (None, value)) for name, value in fields]).status_code
            for path, fields in [
                ("/part/one", [("a", "1"), ("b", "2"), ("c", "3")]),
                ("/part/one", [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]),
                ("/part/one", [("a", "12345")]),
                ("/part/two", [("a", "1")]),
                ("/part/two", [("a", "1"), ("b", "2")]),
                ("/other/one", [("a", "1"), ("b", "2")]),
                ("/other/one", [("a", "1"), ("b", "2"), ("c", "3")]),
            ]
        ]
        assert [200, 400, 400, 200, 400, 200, 400] == statuses


def test_a_frontend_of_a_component_is_served_below_its_prefix(tmp_path: Path) -> None:
    """``APIRouter.frontend`` directories answer what no route does, behind the routers' dependencies."""
    (tmp_path / "page.txt").write_text("page", encoding="utf-8")

    def closed(request: Request) -> None:
        if "x-open" not in request.headers:
            raise HTTPException(403)

    router = APIRouter(dependencies=[Depends(closed)], max_body_size=1000)
    router.frontend("/web", directory=tmp_path, fallback=None)
    with TestClient(serve(App(), part=router)) as client:
        assert "page" == client.get("/part/web/page.txt", headers={"x-open": "1"}).text
        assert client.get("/part/web/page.txt").status_code == 403
        assert client.get("/web/page.txt").status_code == 404


# ------------------------------------------------------------------------------------------------- binding


def starting(start: int) -> Callable[[type[object]], object]:
    """Binds `Numbers` that start somewhere."""

    def bind(interface: type[object]) -> object:
        assert interface is Numbers
        return Numbers(start)

    return bind


def binding() -> APIRouter:
    """Endpoints of every kind that ask for an interface."""
    router = APIRouter()

    @router.get("/async/{start}")
    async def asynchronous(start: int, numbers: Provided[Numbers], q: str = "q") -> list[object]:
        """Documented."""
        return [start, numbers.next(), q]

    @router.get("/sync")
    def synchronous(numbers: Provided[Numbers]) -> int:
        return numbers.next()

    @router.get("/lines")
    def lines(numbers: Provided[Numbers]) -> Iterator[int]:
        yield numbers.next()

    @router.get("/events", response_class=EventSourceResponse)
    async def events(numbers: Provided[Numbers]) -> AsyncIterator[int]:
        yield numbers.next()

    @router.websocket("/socket")
    async def socket(websocket: WebSocket, numbers: Provided[Numbers]) -> None:
        await websocket.accept()
        await websocket.send_json(numbers.next())
        await websocket.close()

    return router


def test_provided_parameters_are_bound_and_leave_no_dependency() -> None:
    """An interface in an endpoint's signature costs no dependency, is no parameter, and is there when it runs."""
    app = serve(App(), starting(41), part=binding())
    routes = [route for route in app.routes if getattr(route, "path", "").startswith("/part/")]
    assert [0] * 5 == [len(route.dependant.dependencies) for route in routes if hasattr(route, "dependant")]
    with TestClient(app) as client:
        assert [1, 42, "z"] == client.get("/part/async/1?q=z").json()
        assert 42 == client.get("/part/sync").json()
        assert "42\n" == client.get("/part/lines").text
        assert "data: 42" in client.get("/part/events").text
        with client.websocket_connect("/part/socket") as socket:
            assert 42 == socket.receive_json()
    described_ = app.openapi()["paths"]["/part/async/{start}"]["get"]
    assert ["start", "q"] == [parameter["name"] for parameter in described_["parameters"]]
    assert "Documented." == described_["description"]


def test_provided_in_a_nested_dependency_stays_a_dependency() -> None:
    """Where FastAPI resolves a function, it also resolves the interface that the function asks for."""
    router = APIRouter()

    async def twice(numbers: Provided[Numbers]) -> int:
        return numbers.next() * 2

    @router.get("/nested")
    async def nested(value: Annotated[int, Depends(twice)]) -> int:
        return value

    app = serve(App(), part=router)
    [route] = [route for route in app.routes if getattr(route, "path", "") == "/part/nested"]
    assert isinstance(route, APIRoute)
    [dependency] = route.dependant.dependencies
    assert ["numbers"] == [inner.name for inner in dependency.dependencies]


def test_the_original_router_is_left_as_it_was() -> None:
    """A router can be included again, in another application, with other bindings."""
    router = binding()
    first = serve(App(), starting(1), part=router)
    second = serve(App(), starting(2), part=router)
    with TestClient(first) as one, TestClient(second) as two:
        assert (2, 3) == (one.get("/part/sync").json(), two.get("/part/sync").json())


def test_policies_are_taken_off_and_remembered() -> None:
    """A policy is no dependency of the flat route, and is kept beside it, the outermost first."""
    router, inner = APIRouter(dependencies=[authenticated]), APIRouter()

    @inner.get("/read", dependencies=[requires("read"), Depends(mark)])
    async def read() -> None:
        """Nothing."""

    router.include_router(inner, dependencies=[requires("inner")])
    app = serve(App(), part=router)
    assert app.dispatcher is not None
    [entry] = app.dispatcher.branches[0].routes
    assert (authenticated, requires("inner"), requires("read")) == entry.policies
    assert isinstance(entry.route, APIRoute)
    assert [mark] == [dependency.call for dependency in entry.route.dependant.dependencies]


# ------------------------------------------------------------------------------------------------ dispatch


def naming(name: str) -> APIRouter:
    """A router whose every path says who answers."""
    router = APIRouter()

    @router.get("")
    @router.get("/{rest:path}")
    async def say(request: Request) -> str:
        return f"{name} {request.scope['path']}"

    return router


def prefixed(app: App, **prefixes: str) -> App:
    """Serves `naming` routers under prefixes."""
    app.serve([Served(name, f"p.{name}", prefix, naming(name), unbound) for name, prefix in prefixes.items()])
    return app


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users", "users"),
        ("/users/", "users"),
        ("/users/7", "users"),
        ("/users2", "main"),
        ("/user", "main"),
        ("/users/archive", "archive"),
        ("/users/archive/x", "archive"),
        ("/users/archived", "users"),
        ("/a/b/c", "deep"),
        ("/a/b", "main"),
        ("/a", "main"),
        ("/", "main"),
        ("//users", "main"),
        ("/USERS", "main"),
    ],
)
def test_the_longest_prefix_wins_by_whole_segments(path: str, expected: str) -> None:
    """A request goes to the component whose prefix covers most of its path, else to ``main.py``."""
    app = App()

    @app.get("/{rest:path}")
    async def main(rest: str) -> str:
        return f"main /{rest}"

    prefixed(app, users="/users", archive="/users/archive", deep="/a/b/c")
    with TestClient(app, root_path="") as client:
        assert client.get(f"http://testserver{path}").json().startswith(f"{expected} ")


def test_a_root_path_is_taken_off_before_the_lookup() -> None:
    """Behind a proxy that strips nothing, or mounted in another application, prefixes still hold."""
    app = App()

    @app.get("/main")
    async def main() -> str:
        return "main"

    prefixed(app, users="/users")
    outer = FastAPI()
    outer.mount("/outer", app)
    with TestClient(app, root_path="/api") as client:
        assert client.get("/api/users/7").json().startswith("users /api/users/7")
        assert client.get("/users/7").json().startswith("users /users/7")
    with TestClient(outer) as client:
        assert client.get("/outer/users/7").json().startswith("users ")


async def answering(app: ASGIApp, path: str, sent: bytes | None, root_path: str = "") -> str:
    """Who answers a request whose path was sent like this."""
    parts: list[bytes] = []
    scope: Scope = {
        "type": "http", "method": "GET", "path": path, "root_path": root_path, "query_string": b"", "headers": [],
        **({} if sent is None else {"raw_path": sent}),
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return str(json.loads(b"".join(parts)).split()[0])


@pytest.mark.parametrize(
    ("path", "sent", "root_path", "expected"),
    [
        ("/users/7", b"/users/7", "", "users"),
        ("/users/7", b"/users/%37", "", "users"),
        ("/users/7", b"/%75sers/7", "", "users"),
        ("/users/7", b"/%75%73%65%72%73/7", "", "users"),
        ("/%75sers/7", b"/%2575sers/7", "", "main"),
        ("/users/7", b"/users%2F7", "", "main"),
        ("/users?/7", b"/users%3F/7", "", "main"),
        ("/users/archive/x", b"/users/%61rchive/x", "", "archive"),
        ("/users/7", None, "", "users"),
        ("/usérs", None, "", "main"),
        ("/api/users/7", b"/api/users/7", "/api", "users"),
        ("/api/users/7", b"/api/%75sers/7", "/api", "users"),
        ("/users/7", b"/users/7", "/api", "users"),
        ("/apis/users/7", b"/apis/users/7", "/api", "main"),
        ("/a b/users/7", b"/a%20b/users/7", "/a b", "users"),
        ("/api/users/7", None, "/api", "users"),
    ],
)
async def test_a_prefix_is_looked_for_in_the_path_that_was_sent(
    path: str, sent: bytes | None, root_path: str, expected: str
) -> None:
    """Escaped letters are letters, and an escaped slash is no slash: to the gateway, and so to one process."""
    app = App()

    @app.get("/{rest:path}")
    async def main(rest: str) -> str:
        return f"main /{rest}"

    prefixed(app, users="/users", archive="/users/archive")
    assert expected == await answering(app, path, sent, root_path)


def test_what_another_process_serves_is_not_found_here(caplog: pytest.LogCaptureFixture) -> None:
    """Also where a route of ``main.py`` would take any path: together it would not be asked. The log says why."""
    app = App()

    @app.get("/{rest:path}")
    async def main(rest: str) -> str:
        return "main"

    @app.websocket("/{rest:path}")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()

    here = Served("users", "p.users", "/users", naming("users"), unbound)
    app.serve([here], elsewhere=[Branch("orders", "/orders"), Branch("archive", "/users/archive")])
    with TestClient(app) as client:
        assert (404, "not_found") == ((answer := client.get("/orders/7")).status_code, answer.json()["code"])
        assert [404, 404] == [client.get(path).status_code for path in ("/orders", "/users/archive/x")]
        assert "/orders/7 was asked of this process, which does not run orders" == caplog.messages[0]
        assert ['"users /users/7"', '"main"'] == [client.get(path).text for path in ("/users/7", "/orders2")]
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/orders/socket"):
            pass


def test_a_component_redirects_and_refuses_as_fastapi_does() -> None:
    """Slashes are mended and methods refused inside the component, as in an application of its own."""
    router = APIRouter()

    @router.get("/items/")
    @router.get("/things")
    async def listing() -> str:
        return "listing"

    with TestClient(serve(App(), part=router), follow_redirects=False) as client:
        assert "http://testserver/part/items/" == client.get("/part/items").headers["location"]
        assert "http://testserver/part/things?q=1" == client.get("/part/things/?q=1").headers["location"]
        refused = client.delete("/part/things")
        assert (405, "GET") == (refused.status_code, refused.headers["allow"])
    with TestClient(serve(App(redirect_slashes=False), part=router)) as client:
        assert client.get("/part/items").status_code == 404


def test_url_for_finds_routes_of_other_components_and_of_main() -> None:
    """A URL is built by the name of any route of the application."""
    asking = APIRouter()

    @asking.get("/ask")
    async def ask(request: Request) -> list[str]:
        return [str(request.url_for(name)) for name in ("index", "main_page")]

    app = App()

    @app.get("/main", name="main_page")
    async def main() -> None:
        """Nothing."""

    serve(app, asking=asking, part=everything())
    with TestClient(app) as client:
        assert ["http://testserver/part", "http://testserver/main"] == client.get("/asking/ask").json()


def test_routes_of_main_may_be_added_at_any_time() -> None:
    """Also after the components are there, and after the first request."""
    app = serve(App(), part=everything())
    with TestClient(app) as client:
        assert client.get("/late").status_code == 404

        @app.get("/late")
        async def late() -> str:
            return "late"

        assert "late" == client.get("/late").json()


def test_a_host_of_a_component_takes_nothing_from_main() -> None:
    """What no component claims is looked for in ``main.py`` alone."""
    app = serve(App(), part=everything())
    with TestClient(app, base_url="http://host.test") as client:
        assert "application/problem+json" == client.get("/elsewhere").headers["content-type"]


def test_a_prefix_that_the_router_carries_is_not_doubled() -> None:
    """``APIRouter(prefix="/orders")`` becomes the component ``orders`` as it is."""
    router = APIRouter(prefix="/orders")

    @router.get("/{order}")
    async def get(order: int) -> int:
        return order

    with TestClient(serve(App(), orders=router)) as client:
        assert 7 == client.get("/orders/7").json()
        assert client.get("/orders/orders/7").status_code == 404


def test_versions_lie_below_the_prefix() -> None:
    """``api={"v1": ..., "v2": ...}``: each under its name, the rest of the prefix answered by nobody."""
    app = App()

    @app.get("/{rest:path}")
    async def main(rest: str) -> str:
        return "main"

    serve(app, part={"v1": naming("one"), "v2": naming("two")})
    with TestClient(app) as client:
        assert client.get("/part/v1/x").json().startswith("one ")
        assert client.get("/part/v2").json().startswith("two ")
        assert client.get("/part/v3").status_code == 404


def ordering(answer: str) -> APIRouter:
    """A router with a path of a parameter, which could take everything below it that is one segment."""
    router = APIRouter()

    @router.get("")
    async def index() -> str:
        return answer

    @router.get("/{order_id}")
    async def one(order_id: str) -> str:
        return f"{answer} {order_id}"

    return router


def test_a_version_without_a_name_has_the_prefix_for_itself() -> None:
    """``api={"": ..., "v2": ...}``: old URLs stay, and what is below ``/v2`` is asked of the second version alone."""
    app = serve(App(), orders={"": ordering("old"), "v2": ordering("new")})
    expected = {
        "/orders": "old",
        "/orders/7": "old 7",
        "/orders/v3": "old v3",
        "/orders/v22": "old v22",
        "/orders/v2": "new",
        "/orders/v2/7": "new 7",
        "/orders/v2/v2": "new v2",
    }
    with TestClient(app) as client:
        assert expected == {path: client.get(path).json() for path in expected}
        assert {*expected, "/orders/{order_id}", "/orders/v2/{order_id}"} >= set(
            client.get("/openapi.json").json()["paths"]
        )
        assert [404, 404] == [client.get(path).status_code for path in ("/orders/v2/7/8", "/orders/7/8")]


@pytest.mark.parametrize("order", [("", "v2"), ("v2", "")])
def test_the_order_of_versions_does_not_matter(order: tuple[str, str]) -> None:
    """Each is described at its own path, and nothing of the one is found below the other."""
    old = APIRouter()
    old.get("/{rest:path}")(mark)
    versions = {"": old, "v2": ordering("new")}
    app = serve(App(), orders={version: versions[version] for version in order})
    with TestClient(app) as client:
        assert {"/orders/{rest}", "/orders/v2", "/orders/v2/{order_id}"} == set(
            client.get("/openapi.json").json()["paths"]
        )
        assert [200, 404] == [client.get(path).status_code for path in ("/orders/v3/7/8", "/orders/v2/7/8")]


def test_a_route_of_the_version_without_a_name_below_another_is_refused() -> None:
    """It would never answer: requests of its path go to the other version."""
    old = APIRouter()
    old.get("/v2/all")(mark)
    with pytest.raises(ConfigurationError) as caught:
        serve(App(), orders={"": old, "v2": ordering("new")})
    [fault] = caught.value.faults
    assert "the route /orders/v2/all of the component 'orders' lies under /orders/v2" in fault.what


# ------------------------------------------------------------------------------- lifespans and adopted ones


def test_lifespans_of_routers_run_in_order_and_share_state() -> None:
    """Each component's router starts after those before it and stops before them."""
    happened: list[str] = []

    def living(name: str) -> APIRouter:
        @asynccontextmanager
        async def lifespan(_: object) -> AsyncIterator[dict[str, str]]:
            happened.append(f"{name} starts")
            yield {name: name}
            happened.append(f"{name} stops")

        router = APIRouter(lifespan=lifespan)

        @router.get("/state")
        async def state(request: Request) -> str:
            return f"{request.state.first} {request.state.second}"

        return router

    with TestClient(serve(App(), first=living("first"), second=living("second"))) as client:
        assert "first second" == client.get("/second/state").json()
    assert ["first starts", "second starts", "second stops", "first stops"] == happened


def test_an_adopted_application_keeps_its_own_ways_and_gets_its_lifespan() -> None:
    """Its errors, handlers and state are its own, and unlike a mounted one it is started and stopped."""
    happened: list[object] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, int]]:
        happened.append(app)
        yield {"answer": 42}
        happened.append("stopped")

    adopted = FastAPI(lifespan=lifespan)

    @adopted.get("/state", name="adopted_state")
    async def state(request: Request) -> list[object]:
        return [request.state.answer, request.app is adopted, str(request.url_for("adopted_state"))]

    app = serve(App(), old=adopted)
    with TestClient(app) as client:
        assert [42, True, "http://testserver/old/state"] == client.get("/old/state").json()
        assert {"detail": "Not Found"} == client.get("/old/nothing").json()
        assert "application/problem+json" == client.get("/nothing").headers["content-type"]
    assert [adopted, "stopped"] == happened
    assert "/old/state" == app.url_path_for("old:adopted_state")


# -------------------------------------------------------------------------------------------------- faults


def faults_of(app: App, **apis: APIRouter) -> tuple[Fault, ...]:
    """What is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        serve(app, unbound, **apis)
    return caught.value.faults


def test_a_route_of_main_under_a_prefix_is_refused_with_its_place() -> None:
    """Such a route would never answer; every one of them is named, with the file and line of its endpoint."""
    app = App()

    @app.get("/part/own")
    async def own() -> None:
        """Nothing."""

    app.mount("/part/static", StaticFiles(directory=Path(__file__).parent))

    @app.get("/particle")
    @app.get("/{anything:path}")
    async def fine() -> None:
        """Nothing."""

    first, second = faults_of(app, part=naming("part"))
    assert "the route /part/own lies under /part, which belongs to the component 'part'" == first.what
    line = own.__code__.co_firstlineno
    assert f"tests/runtime/http/test_routing.py:{line}" == first.where
    assert "/part/static" in second.what


def test_a_route_under_a_prefix_is_refused_wherever_the_component_runs() -> None:
    """What one process would refuse, each of several refuses."""
    app = App()

    @app.get("/orders/own")
    async def own() -> None:
        """Nothing."""

    with pytest.raises(ConfigurationError) as caught:
        app.serve([], elsewhere=[Branch("orders", "/orders")])
    assert ["the route /orders/own lies under /orders, which belongs to the component 'orders'"] == [
        fault.what for fault in caught.value.faults
    ]


def test_a_route_under_the_prefix_of_another_component_is_refused_wherever_that_runs() -> None:
    """A longer prefix takes its requests away, here and elsewhere."""
    router = APIRouter()
    router.get("/archive/x")(mark)
    with pytest.raises(ConfigurationError) as caught:
        app = App()
        app.serve([Served("users", "p.users", "/users", router, unbound)], elsewhere=[Branch("old", "/users/archive")])
    [fault] = caught.value.faults
    assert "the route /users/archive/x of the component 'users' lies under /users/archive" in fault.what


def test_a_component_may_not_hide_the_documentation() -> None:
    """FastAPI's own pages are routes too; the fault says how to move them."""
    [fault] = faults_of(App(swagger_ui_oauth2_redirect_url=None), docs=naming("docs"))
    assert "docs_url=" in fault.fix
    assert "" == fault.where


def test_a_route_outside_its_components_prefix_is_refused() -> None:
    """Where no request would find it."""
    router = APIRouter(prefix="/part")
    router.mount("/elsewhere", StaticFiles(directory=Path(__file__).parent))
    [fault] = faults_of(App(), part=router)
    assert "the route /elsewhere of the component 'part' lies outside its prefix /part" == fault.what
