"""Parts of a document become one, and nothing of them is lost."""

import copy
import json
from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest
from fastapi.responses import JSONResponse

from fissile.generate.openapi import FORMAT, Description, Part, UnknownFormat, compose, render

Document = dict[str, Any]


def reference(name: str) -> Document:
    """A reference to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def operation(name: str, schema: str = "", **others: object) -> Document:
    """An operation that answers with a schema."""
    content = {"content": {"application/json": {"schema": reference(schema)}}} if schema else {}
    return {"operationId": name, "responses": {"200": {"description": "OK", **content}}, **others}


def part(owner: str, **document: object) -> Part:
    """The part of a component whose prefix is its name; the empty name is that of ``main.py``."""
    whole = {"openapi": "3.1.0", "info": {"title": owner or "Whole", "version": "1"}, "paths": {}, **document}
    return {"owner": owner, "prefix": f"/{owner}" if owner else "", "document": whole}


def said(*parts: Part) -> Description:
    """What a process says."""
    return {"format": FORMAT, "parts": list(parts)}


def composed(*parts: Part) -> Document:
    """The document of these parts, each of which another process describes."""
    return compose([said(part(""), *parts[:1]), *(said(part(""), other) for other in parts[1:])])


def getting(name: str, schema: str) -> Mapping[str, object]:
    """The paths and schemas of a component with one route, whose answer is a list of one schema in another."""
    schemas = {schema: {"items": reference("Item")}, "Item": {"title": f"of {name}"}}
    paths = {f"/{name}": {"get": operation("get", schema)}}
    return {"paths": paths, "components": {"schemas": schemas}}


def test_main_is_first_and_the_others_follow_by_prefix() -> None:
    """Whatever the order in which they were described, and whoever is the first to describe ``main.py``."""
    parts = [part(name, paths={f"/{name}": {"get": operation(name)}}) for name in ("a", "b", "c")]
    main = part("", paths={"/": {"get": operation("root")}}, servers=[{"url": "https://example.org"}])
    texts = {render(compose([said(*order[:2]), said(*order[2:], main)])) for order in permutations(parts)}
    assert 1 == len(texts)
    document = json.loads(texts.pop())
    assert ["/", "/a", "/b", "/c"] == list(document["paths"])
    assert ["openapi", "info", "servers", "paths"] == list(document)
    assert {"title": "Whole", "version": "1"} == document["info"]


def test_two_components_with_one_operation_id() -> None:
    """Who has a name first keeps it; the next is named after its component, then come numbers."""
    names = ["list", "list", "two_list"]
    paths = {f"/two/{number}": {"get": operation(name)} for number, name in enumerate(names)}
    whole = composed(part("one", paths={"/one": {"get": operation("list")}}), part("two", paths=paths))
    ids = [item["get"]["operationId"] for item in whole["paths"].values()]
    assert ["list", "two_list", "two_list_2", "two_two_list"] == ids


def test_a_name_that_means_two_things() -> None:
    """Neither is lost, nor what only refers to it: each component's references lead to its own."""
    whole = composed(part("a", **getting("a", "Page")), part("b", **getting("b", "Page")))
    schemas = whole["components"]["schemas"]
    assert {
        "Item": {"title": "of a"},
        "Page": {"items": reference("Item")},
        "b.Item": {"title": "of b"},
        "b.Page": {"items": reference("b.Item")},
    } == schemas
    assert ["Item", "Page", "b.Item", "b.Page"] == list(schemas)
    content = whole["paths"]["/b"]["get"]["responses"]["200"]["content"]
    assert reference("b.Page") == content["application/json"]["schema"]


def test_a_name_that_means_one_thing() -> None:
    """What two components share is there once."""
    both = [part(name, **{**getting("it", "Page"), "paths": {}}) for name in ("a", "b")]
    assert {"Item": {"title": "of it"}, "Page": {"items": reference("Item")}} == composed(*both)["components"][
        "schemas"
    ]


def test_equal_in_python_is_not_the_same() -> None:
    """1, 1.0 and true are three defaults."""
    values: list[object] = [1, 1.0, True]
    parts = [
        part(name, components={"schemas": {"X": {"default": value}}}) for name, value in zip("abc", values, strict=True)
    ]
    found = {name: entry["default"] for name, entry in composed(*parts)["components"]["schemas"].items()}
    assert json.dumps({"X": 1, "b.X": 1.0, "c.X": True}) == json.dumps(found)


def test_recursive_schemas_are_compared_whole() -> None:
    """Two trees that differ in their leaves alone are two; that they refer to themselves does no harm."""

    def tree(leaf: str) -> Document:
        return {"schemas": {"Tree": {"anyOf": [reference("Tree"), reference("Leaf")]}, "Leaf": {"type": leaf}}}

    parts = [part("a", components=tree("string")), part("b", components=tree("string"))]
    other = part("c", components=tree("integer"))
    assert ["Leaf", "Tree", "c.Leaf", "c.Tree"] == list(composed(*parts, other)["components"]["schemas"])


def test_security_schemes_are_shared_or_told_apart() -> None:
    """One scheme of two components is one; another of that name is another, also where an operation demands it."""

    def demanding(name: str, url: str) -> Part:
        demanded = operation(f"get_{name}", security=[{"Bearer": ["read"]}, {}])
        inner = operation("called", security=[{"Bearer": []}])
        demanded["callbacks"] = {"done": {"{$url}": {"post": inner}}}
        schemes = {"securitySchemes": {"Bearer": {"type": "oauth2", "flows": {"password": {"tokenUrl": url}}}}}
        return part(name, paths={f"/{name}": {"get": demanded}}, components=schemes)

    whole = composed(demanding("a", "token"), demanding("b", "token"), demanding("c", "other"))
    assert ["Bearer", "c.Bearer"] == list(whole["components"]["securitySchemes"])
    demands = {path: item["get"]["security"] for path, item in whole["paths"].items()}
    shared, other = [{"Bearer": ["read"]}, {}], [{"c.Bearer": ["read"]}, {}]
    assert {"/a": shared, "/b": shared, "/c": other} == demands
    callback = whole["paths"]["/c"]["get"]["callbacks"]["done"]["{$url}"]["post"]
    assert [{"c.Bearer": []}] == callback["security"]


def test_a_tag_is_described_once() -> None:
    """``main.py`` before a component, as names of tags are unique (OpenAPI 3.1.0, `tags`)."""
    main = part("", tags=[{"name": "old", "description": "by main.py"}])
    tags = [{"name": "old"}, {"name": "new"}]
    whole = compose([said(main, part("a", tags=tags), part("b", tags=tags))])
    assert [{"name": "old", "description": "by main.py"}, {"name": "new"}] == whole["tags"]


def test_webhooks_are_told_apart() -> None:
    """As paths cannot collide, and webhooks can."""
    parts = [part(name, webhooks={"done": {"post": operation("done")}}) for name in ("", "a")]
    webhooks = compose([said(*parts)])["webhooks"]
    assert {"done": "done", "a.done": "a_done"} == {
        name: item["post"]["operationId"] for name, item in webhooks.items()
    }


def test_the_first_of_two_versions_is_taken_whole() -> None:
    """While a component is replaced, two processes describe it differently: the order of the processes decides."""
    old, new = (part("a", paths={path: {"get": operation("get")}}) for path in ("/a/old", "/a/new"))
    main = part("")
    assert [["/a/old"], ["/a/new"]] == [
        list(compose([said(main, first), said(main, second)])["paths"]) for first, second in ((old, new), (new, old))
    ]


@pytest.mark.parametrize("description", [{}, [], None, "text", {"format": FORMAT + 1, "parts": []}])
def test_what_cannot_be_understood_is_refused(description: Any) -> None:
    """A newer Fissile may describe in another form, and what is at an address may be anything."""
    with pytest.raises(UnknownFormat):
        compose([said(part("")), description])


def test_nothing_that_is_given_is_changed() -> None:
    """The supervisor keeps descriptions and composes again and again."""
    descriptions = [said(part(""), part("a", **getting("a", "X"))), said(part(""), part("b", **getting("b", "X")))]
    before = copy.deepcopy(descriptions)
    assert compose(descriptions) == compose(descriptions)
    assert before == descriptions


def test_it_is_rendered_as_it_is_sent() -> None:
    """The bytes are those of the response."""
    document = composed(part("a", **getting("é\u2028/", "X")))
    assert JSONResponse(document).body == render(document)
