"""What one client says to a shop, in this order, and the status that each answer has to have."""

from tests.dropin.exchanges import Exchange, form, get, post, raw, request, upload
from tests.gateway.stand import written

from .client import Said, Talk, Watch

ADA = {"name": "Ada", "email": "Ada@example.org"}
ACME = {"name": "Acme", "city": "Bonn"}
BOLTS = {"supplier_id": 1, "item": "bolt", "quantity": 2}
JSON = [("content-type", "application/json")]
TRACE = f"00-{'1' * 32}-{'2' * 16}-01"
LETTER = {"to": "Ada", "pages": 2}
MANY = [("x-many", "1"), ("x-many", "2")]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
BYTES = [("content-type", "application/octet-stream")]
PARTS = [("content-type", "multipart/form-data; boundary=edge")]
LABEL = ("label", "", b"fragile")
CHUNKS = written("PUT /desk/freight HTTP/1.1", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n")


def preflight(path: str, origin: str, method: str) -> Exchange:
    """What a browser asks before it lets a page of another origin ask."""
    return request("OPTIONS", path, headers=[("origin", origin), ("access-control-request-method", method)])


USERS: list[tuple[int, Said]] = [
    (201, post("/users", ADA)),
    (409, post("/users", {"name": "Eve", "email": "ADA@example.org"})),
    (422, post("/users", {"name": "Eve", "email": "nowhere"})),
    (200, get("/users/1")),
    (404, get("/users/2")),
    (404, get("/users/2", traceparent=TRACE)),
    (422, get("/users/one")),
    (405, get("/users")),
    (405, request("HEAD", "/users/1")),
    (405, request("OPTIONS", "/users/1")),
    (307, get("/users/1/")),
]
SUPPLIERS: list[tuple[int, Said]] = [
    (500, get("/first")),  # there is none yet, and main.py lets the error of suppliers pass
    (201, post("/suppliers", ACME)),
    (201, post("/suppliers", {"name": " Bolt & Söhne ", "city": "Köln"})),
    (201, post("/suppliers", {"name": "Gone", "city": "Bonn"})),
    (200, get("/first")),
    (422, request("POST", "/suppliers", b'{"name": "Acme",', headers=JSON)),
    (422, request("POST", "/suppliers", b"", headers=JSON)),
    (422, request("POST", "/suppliers", b"[1]", headers=JSON)),
    (422, post("/suppliers", {"name": 1, "town": "Bonn"})),
    (400, request("POST", "/suppliers", b'{"name": "\xff", "city": "Bonn"}', headers=JSON)),
    (422, post("/suppliers", ACME, kind="text/plain")),
    (413, post("/suppliers", {"name": "x" * 200_000, "city": "Bonn"})),
    (200, get("/suppliers?limit=2")),
    (200, get("/suppliers?limit=2&cursor=YWZ0ZXI6Mg")),
    (422, get("/suppliers?cursor=none")),
    (204, request("DELETE", "/suppliers/3")),
    (404, request("DELETE", "/suppliers/3")),
    (422, get(f"/suppliers/{2**63}")),
    (405, post("/suppliers/1", {}, method="PUT")),
    (404, get("/suppliers/1/city")),
    (200, get("/%73uppliers/1")),
    (404, get("/suppliers%2F1")),
]
ORDERS: list[tuple[int, Said]] = [
    (201, post("/orders", BOLTS)),
    (201, post("/orders", {**BOLTS, "item": "nut"})),
    (422, post("/orders", {**BOLTS, "supplier_id": 3})),
    (422, post("/orders", {**BOLTS, "quantity": 1_001})),
    (201, post("/kiosk/orders", {**BOLTS, "supplier_id": 2})),
    (200, request("POST", "/orders/2/cancel")),
    (200, request("POST", "/orders/2/cancel")),
    (404, request("POST", "/orders/9/cancel")),
    (200, get("/orders")),
    (200, get("/orders?supplier_id=2")),
    (200, Watch("/orders/1/live", request("POST", "/orders/1/cancel"))),
    (404, get("/orders/9/live")),
    (200, get("/orders/1")),
]
DESK: list[tuple[int, Said]] = [
    *((200, request(method, "/desk/mirror?a=1&a=%20+", headers=MANY)) for method in METHODS if method != "OPTIONS"),
    # With the length of its body: Envoy says it where a client does not.
    (200, request("OPTIONS", "/desk/mirror", headers=[*MANY, ("content-length", "0")])),
    (200, request("PATCH", "/desk/mirror", b"by hand", headers=[("content-type", "text/plain"), ("x-stamp", "mine")])),
    (200, get("/desk/greeting", accept_language="de")),
    (200, get("/desk/till")),
    (200, get("/desk/clock")),
    (307, get("/desk/drawers?top=1")),
    (200, get("/desk/drawers/")),
    (303, get("/desk/moved")),
    (201, post("/desk/letters", LETTER)),
    (422, post("/desk/letters", {"to": "Ada", "pages": 0})),
    (200, form("/desk/form", "name=Ada&age=36")),
    (422, form("/desk/form", "age=old")),
    (200, upload("/desk/parcel", LABEL, ("things", "a.txt", b"a"), ("things", "b.txt", b"b" * 50_000))),
    (422, upload("/desk/parcel", LABEL)),
    (422, request("POST", "/desk/parcel", b"--edge\r\nbroken", headers=PARTS)),
    (200, request("PUT", "/desk/freight", bytes(range(256)) * 700, headers=BYTES)),
    (200, raw("chunks", CHUNKS)),
    (413, request("PUT", "/desk/freight", b"x" * 200_001)),
    (200, request("POST", "/desk/small", b"12345")),
    (413, request("POST", "/desk/small", b"123456")),
    (200, get("/desk/cookies", cookie="one=1; three=3")),
    (200, get("/desk/file")),
    (206, get("/desk/file", range="bytes=0-9")),
    (200, get("/desk/lines")),
    (200, get("/desk/events")),
    (202, request("POST", "/desk/notes?note=a")),
    (202, request("POST", "/desk/notes?note=b")),
    (200, get("/desk/notes/2")),
    (409, get("/desk/closed")),
    (418, get("/desk/torn")),
    (500, get("/desk/broken")),
    (500, get("/desk/wrong")),
    (429, get("/desk/refused")),
    (204, get("/desk/status/204")),
    (304, get("/desk/status/304")),
    (503, get("/desk/status/503")),
    (404, get("/desk")),
    (404, get("/desk/nothing")),
    (405, request("DELETE", "/desk/cookies")),
    (403, get("/desk/cookies", x_stranger="Eve")),
    (101, Talk("/desk/socket", ("one", "two", "close"))),
    (403, Talk("/desk/locked")),
    (101, Talk("/desk/numbered/7")),
    (403, Talk("/desk/numbered/x")),
    (403, Talk("/desk/nothing")),
]
KIOSK: list[tuple[int, Said]] = [
    (200, get("/kiosk/greeting", accept_language="fr")),
    (200, get("/kiosk/greeting")),
    (200, get("/kiosk/clock")),
    (200, get("/kiosk/suppliers/1")),
    (410, get("/kiosk/suppliers/3")),
    (500, get("/kiosk/escapes")),
    (500, get("/kiosk/closed")),
    (500, get("/kiosk/fails")),
    (504, get("/kiosk/waits")),
    (200, get("/kiosk/large/1000000")),
    (500, get("/kiosk/large/1100000")),  # in development, as here, also together
    (400, get("/kiosk/greeting", idempotency_key="x" * 256)),
    (101, Talk("/kiosk/socket", ("1", "2", "close"))),
    (101, Talk("/kiosk/socket", ("3",))),
]
CATALOG: list[tuple[int, Said]] = [
    (200, get("/catalog/v1/items/7")),
    (200, get("/catalog/v2/items/7")),
    (422, get("/catalog/v2/items/x")),
    (404, get("/catalog/v3/items/7")),
    (404, get("/catalog")),
    (405, request("POST", "/catalog/v1/items/7")),
]
ARCHIVE: list[tuple[int, Said]] = [
    (200, get("/archive/boxes/7")),
    (404, get("/archive/boxes/10")),
    (422, get("/archive/boxes/x")),
    (404, get("/archive/nothing")),
    (307, get("/archive")),
    (405, request("POST", "/archive/boxes/7")),
    (410, get("/archive/lost")),
    (500, get("/archive/torn")),
    (200, get("/archive/openapi.json")),
    (200, get("/archive/docs")),
    (101, Talk("/archive/socket")),
]
MAIN: list[tuple[int, Said]] = [
    (200, get("/")),
    (405, request("POST", "/")),
    (405, request("HEAD", "/")),
    (200, get("/where/1?to=2")),
    (418, get("/torn")),
    (500, get("/broken")),
    (403, get("/", x_stranger="Eve")),
    (404, get("/nothing")),
    (404, get("//users/1")),
    (404, request("DELETE", "/users2")),
    (200, preflight("/", "https://a.example", "PUT")),
    (400, preflight("/orders", "https://b.example", "GET")),
    (200, get("/orders/1", origin="https://a.example")),
    (101, Talk("/socket", ("hello",))),
    (403, Talk("/nothing")),
    (200, get("/openapi.json")),
    (200, get("/docs")),
    (200, get("/redoc")),
]
SCRIPT = [*USERS, *SUPPLIERS, *ORDERS, *DESK, *KIOSK, *CATALOG, *ARCHIVE, *MAIN]

DIFFERENT: list[tuple[int, int, Said]] = [
    # Together nothing stands before the one process, and whoever watches over it has to reach it.
    (200, 404, get("/-/live")),
    (200, 404, get("/-/ready")),
    # A process knows the names of its own routes and those of `main.py`.
    (200, 500, get("/kiosk/elsewhere")),
]
"""What differs, with its status together and apart."""
