"""One OpenAPI document for the application and its components, with names that do not depend on what is live."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi._compat import get_flat_models_from_fields
from fastapi.encoders import jsonable_encoder
from fastapi.openapi.constants import REF_PREFIX
from fastapi.openapi.models import OpenAPI
from fastapi.openapi.utils import get_fields_from_routes, get_openapi_path
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from fissile.runtime.http import problems
from fissile.runtime.http.routing import Branch
from fissile.runtime.http.schemas import Names, schemas_of, with_references

Document = dict[str, Any]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The operations of a path in the order of the OpenAPI specification (3.1.0, Path Item Object)."""


def document(app: FastAPI, package: str, branches: Sequence[Branch], packages: Mapping[str, str]) -> Document:
    """The document of the whole application: ``main.py`` first, then the components by prefix.

    Args:
        app: The application.
        package: The package that it is built of.
        branches: What its components serve.
        packages: Every component's name by the dotted name of its package.
    """
    contexts = _in_order(app, branches)
    owners = {id(entry.route): branch.component for branch in branches for entry in branch.routes}
    webhooks = [context for context in iter_route_contexts(app.webhooks.routes) if _is_api(context)]
    fields = get_fields_from_routes([*contexts, *webhooks])
    types = get_flat_models_from_fields(fields, known_models=set())
    names = Names(packages, package, _bodies(contexts, owners), types)
    mapped, definitions = schemas_of(fields, names, separate=app.separate_input_output_schemas)
    described = _Description(mapped, definitions, app.separate_input_output_schemas)
    for context in contexts:
        described.add(context, described.paths, owners.get(id(context.route), ""))
    for webhook in webhooks:
        described.add(webhook, described.webhooks, "")
    for branch in sorted(branches, key=lambda branch: branch.prefix):
        if branch.adopted is not None:
            described.adopt(branch.adopted, branch)
    return _rendered(app, described)


def _in_order(app: FastAPI, branches: Sequence[Branch]) -> list[RouteContext]:
    """The routes that are described, in an order that does not depend on the placement."""
    ours = {id(entry.route) for branch in branches for entry in branch.routes}
    own = [context for context in iter_route_contexts(app.router.routes) if id(context.route) not in ours]
    parts = [entry.route for branch in sorted(branches, key=lambda branch: branch.prefix) for entry in branch.routes]
    return [context for context in [*own, *iter_route_contexts(parts)] if _is_api(context)]


def _is_api(context: RouteContext) -> bool:
    return isinstance(context.original_route, APIRoute)


def _bodies(contexts: Sequence[RouteContext], owners: Mapping[int, str]) -> dict[int, str]:
    """The component of each body model that FastAPI made out of an endpoint's parameters."""
    return {
        id(context.body_field.field_info.annotation): owners.get(id(context.route), "main")
        for context in contexts
        if context.body_field is not None
        and context.body_field.name == "body"
        and getattr(context.body_field.field_info.annotation, "__module__", "").startswith(("fastapi.", "pydantic."))
    }


class _Description:
    """The parts of the document, while they are gathered."""

    def __init__(self, mapped: Any, definitions: dict[str, Any], separate: bool) -> None:
        self.paths: dict[str, Document] = {}
        self.webhooks: dict[str, Document] = {}
        self.schemas: dict[str, Any] = dict(definitions)
        self.others: dict[str, dict[str, Any]] = {}
        self.tags: list[Document] = []
        self._mapped = mapped
        self._separate = separate
        self._operation_ids: set[str] = set()

    def add(self, context: RouteContext, paths: dict[str, Document], owner: str) -> None:
        """Adds the operations of one route."""
        path, security, definitions = get_openapi_path(
            route=cast(Any, context),
            operation_ids=_Unchecked(),
            model_name_map={},
            field_mapping=self._mapped,
            separate_input_output_schemas=self._separate,
        )
        for method in sorted(path, key=_METHODS.index):
            operation = path[method]
            _describe_problems(operation)
            if len(path) > 1 and context.operation_id is None:
                # FastAPI gives all methods of a route the id of one of them, whichever comes first in a set.
                base = str(operation["operationId"])
                base = next((base.removesuffix(f"_{other}") for other in path if base.endswith(f"_{other}")), base)
                operation["operationId"] = f"{base}_{method}"
            operation["operationId"] = self._unique(str(operation["operationId"]), owner)
        if path:
            paths.setdefault(context.path_format or "", {}).update(path)
        self.others.setdefault("securitySchemes", {}).update(security)
        self.schemas.update(definitions)

    def adopt(self, adopted: FastAPI, branch: Branch) -> None:
        """Adds the document of an adopted application, with its names under the component's."""
        theirs = copy.deepcopy(adopted.openapi())
        qualifier = ".".join([branch.component, *branch.prefix.split("/")[2:]])

        def rename(kind: str, name: str) -> str:
            return f"{qualifier}.{name}"

        components = theirs.get("components", {})
        for kind, entries in components.items():
            renamed = {rename(kind, name): with_references(entry, rename) for name, entry in entries.items()}
            (self.schemas if kind == "schemas" else self.others.setdefault(kind, {})).update(renamed)
        for path, item in theirs.get("paths", {}).items():
            moved = with_references(item, rename)
            assert isinstance(moved, dict)
            for operation in _operations(moved):
                operation["operationId"] = self._unique(f"{qualifier.replace('.', '_')}_{operation['operationId']}", "")
                if "security" in operation:
                    operation["security"] = [
                        {rename("", name): scopes for name, scopes in entry.items()} for entry in operation["security"]
                    ]
            self.paths.setdefault((branch.prefix + path).rstrip("/") or "/", {}).update(moved)
        self.tags += theirs.get("tags", [])

    def _unique(self, wanted: str, owner: str) -> str:
        candidates = _candidates(wanted, owner)
        found = next(candidate for candidate in candidates if candidate not in self._operation_ids)
        self._operation_ids.add(found)
        return found


def _candidates(wanted: str, owner: str) -> Iterator[str]:
    yield wanted
    base = f"{owner}_{wanted}" if owner else wanted
    yield base
    number = 2
    while True:
        yield f"{base}_{number}"
        number += 1


class _Unchecked(set[str]):
    """The operation ids that FastAPI has seen, to which it need say nothing: they are made unique afterwards."""

    def __contains__(self, _: object) -> bool:
        return False


def _operations(item: Document) -> Iterator[Document]:
    return (item[method] for method in _METHODS if method in item)


def _describe_problems(operation: Document) -> None:
    """Refers to the problem document where FastAPI describes its own errors, and for every error not declared."""
    responses = operation.setdefault("responses", {})
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": REF_PREFIX + "Problem"}}}
    invalid = {"application/json": {"schema": {"$ref": REF_PREFIX + "HTTPValidationError"}}}
    if responses.get("422", {}).get("content") == invalid:
        responses["422"] = {"description": "Validation Error", "content": content}
    responses.setdefault("default", {"description": "Error", "content": content})


def _rendered(app: FastAPI, described: _Description) -> Document:
    described.schemas["Problem"] = dict(problems.SCHEMA)
    info = {
        "title": app.title,
        "version": app.version,
        "summary": app.summary,
        "description": app.description or None,
        "termsOfService": app.terms_of_service,
        "contact": app.contact,
        "license": app.license_info,
    }
    whole = {
        "openapi": app.openapi_version,
        "info": {name: value for name, value in info.items() if value},
        "servers": app.servers,
        "components": _components(described),
        "paths": described.paths,
        "webhooks": described.webhooks,
        "tags": [*(app.openapi_tags or []), *described.tags],
        "externalDocs": app.openapi_external_docs,
    }
    kept = {name: value for name, value in whole.items() if value or name == "paths"}
    return cast(Document, jsonable_encoder(OpenAPI.model_validate(kept), by_alias=True, exclude_none=True))


def _components(described: _Description) -> Document:
    """What is referred to, directly or not: both modes of a model were generated, and perhaps one is used."""
    used: set[str] = set()
    waiting: list[object] = [described.paths, described.webhooks, described.others]

    def note(kind: str, name: str) -> str:
        if kind == "schemas" and name not in used:
            used.add(name)
            waiting.append(described.schemas.get(name))
        return name

    while waiting:
        with_references(waiting.pop(), note)
    schemas = {name: described.schemas[name] for name in sorted(used) if name in described.schemas}
    others = {kind: dict(sorted(entries.items())) for kind, entries in sorted(described.others.items()) if entries}
    return {**({"schemas": schemas} if schemas else {}), **others}
