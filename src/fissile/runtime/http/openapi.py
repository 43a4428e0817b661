"""What this process knows of the OpenAPI document: ``main.py`` and each live component, none of them aware of others.

`fissile.generate.openapi` composes the document of such descriptions, of one process as of several.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI
from fastapi._compat import get_flat_models_from_fields
from fastapi.encoders import jsonable_encoder
from fastapi.openapi.constants import REF_PREFIX
from fastapi.openapi.models import OpenAPI
from fastapi.openapi.utils import get_fields_from_routes, get_openapi_path
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from fissile.generate.openapi import (
    FORMAT,
    METHODS,
    SECURITY,
    Description,
    Document,
    Part,
    operations,
    used,
    with_names,
    with_references,
)
from fissile.runtime.http import problems
from fissile.runtime.http.routing import Branch
from fissile.runtime.http.schemas import Names, schemas_of


def describe(app: FastAPI, package: str, branches: Sequence[Branch], packages: Mapping[str, str]) -> Description:
    """What this process serves: ``main.py``, and each component whose branches these are.

    Args:
        app: The application.
        package: The package that it is built of.
        branches: What its live components serve.
        packages: Every component's name by the dotted name of its package, live or not.
    """
    describing = _Describing(app, package, packages)
    served: dict[str, list[Branch]] = {}
    for branch in sorted(branches, key=lambda branch: branch.prefix):
        if branch.component in packages.values():
            served.setdefault(branch.component, []).append(branch)
    parts = [describing.main(branches), *(describing.component(below) for below in served.values())]
    return {"format": FORMAT, "parts": parts}


def unique_id(route: APIRoute) -> str:
    """FastAPI's id of a route, of which it makes names and titles, but the same in every process.

    FastAPI takes whichever of the route's methods comes first in a set.
    """
    assert route.methods is not None, "a route of FastAPI has methods"
    method = min(map(str.lower, route.methods), key=_place_of)
    return re.sub(r"\W", "_", f"{route.name}{route.path_format}") + f"_{method}"


def _place_of(method: str) -> tuple[int, str]:
    """Where a method stands among those of a path; behind the others if the specification does not know it."""
    return (METHODS.index(method) if method in METHODS else len(METHODS), method)


class _Describing:
    """Describes one part of the application after another."""

    def __init__(self, app: FastAPI, package: str, packages: Mapping[str, str]) -> None:
        self._app = app
        self._package = package
        self._packages = packages

    def main(self, branches: Sequence[Branch]) -> Part:
        """The part of ``main.py``, which says what holds for the whole."""
        components = {id(entry.route) for branch in branches for entry in branch.routes}
        own = iter_route_contexts(self._app.router.routes)
        contexts = [context for context in own if id(context.route) not in components and _is_api(context)]
        webhooks = [context for context in iter_route_contexts(self._app.webhooks.routes) if _is_api(context)]
        described = self._described(contexts, webhooks, "main")
        described.tags += self._app.openapi_tags or []
        said = {"servers": self._app.servers, "externalDocs": self._app.openapi_external_docs}
        return {"owner": "", "prefix": "", "document": _rendered(self._app, described, said)}

    def component(self, branches: Sequence[Branch]) -> Part:
        """The part of a component."""
        name = branches[0].component
        routes = [entry.route for branch in branches for entry in branch.routes]
        described = self._described([context for context in iter_route_contexts(routes) if _is_api(context)], [], name)
        for branch in branches:
            if branch.adopted is not None:
                described.adopt(branch.adopted, branch)
        return {"owner": name, "prefix": branches[0].prefix, "document": _rendered(self._app, described, {})}

    def _described(self, contexts: Sequence[RouteContext], webhooks: Sequence[RouteContext], owner: str) -> _Described:
        fields = get_fields_from_routes([*contexts, *webhooks])
        types = get_flat_models_from_fields(fields, known_models=set())
        names = Names(self._packages, self._package, _bodies(contexts, owner), types)
        separate = self._app.separate_input_output_schemas
        mapped, definitions = schemas_of(fields, names, separate=separate)
        described = _Described(mapped, definitions, separate)
        for context in contexts:
            described.add(context, described.paths)
        for webhook in webhooks:
            described.add(webhook, described.webhooks)
        return described


def _is_api(context: RouteContext) -> bool:
    return isinstance(context.original_route, APIRoute)


def _bodies(contexts: Sequence[RouteContext], owner: str) -> dict[int, str]:
    """The owner of each body model that FastAPI made out of an endpoint's parameters."""
    return {
        id(context.body_field.field_info.annotation): owner
        for context in contexts
        if context.body_field is not None
        and context.body_field.name == "body"
        and getattr(context.body_field.field_info.annotation, "__module__", "").startswith(("fastapi.", "pydantic."))
    }


class _Described:
    """What is known of one part, while it is gathered."""

    def __init__(self, mapped: Any, definitions: Mapping[str, Any], separate: bool) -> None:
        self.paths: dict[str, Document] = {}
        self.webhooks: dict[str, Document] = {}
        self.schemas: Document = {**definitions, "Problem": dict(problems.SCHEMA)}
        self.others: dict[str, Document] = {}
        self.tags: list[Document] = []
        self._mapped = mapped
        self._separate = separate

    def add(self, context: RouteContext, paths: dict[str, Document]) -> None:
        """Adds the operations of one route."""
        path, security, definitions = get_openapi_path(
            route=cast(Any, context),
            operation_ids=_Unchecked(),
            model_name_map={},
            field_mapping=self._mapped,
            separate_input_output_schemas=self._separate,
        )
        for method in sorted(path, key=_place_of):
            operation = path[method]
            _describe_problems(operation)
            if len(path) > 1 and context.operation_id is None:
                # FastAPI gives all methods of a route the same id.
                base = str(operation["operationId"])
                base = next((base.removesuffix(f"_{other}") for other in path if base.endswith(f"_{other}")), base)
                operation["operationId"] = f"{base}_{method}"
            paths.setdefault(context.path_format or "", {})[method] = operation
        self.others.setdefault(SECURITY, {}).update(security)
        self.schemas.update(definitions)

    def adopt(self, adopted: FastAPI, branch: Branch) -> None:
        """Adds the document of an adopted application, with its names under the component's."""
        theirs = copy.deepcopy(adopted.openapi())
        qualifier = ".".join([branch.component, *branch.prefix.split("/")[2:]])

        def rename(kind: str, name: str) -> str:
            return f"{qualifier}.{name}"

        for kind, entries in theirs.get("components", {}).items():
            renamed = {rename(kind, name): with_references(entry, rename) for name, entry in entries.items()}
            (self.schemas if kind == "schemas" else self.others.setdefault(kind, {})).update(renamed)

        def moved(item: Document) -> Document:
            renamed = with_names(item, rename)
            for operation in operations(renamed):
                if "operationId" in operation:
                    operation["operationId"] = f"{qualifier.replace('.', '_')}_{operation['operationId']}"
            return renamed

        for path, item in theirs.get("paths", {}).items():
            self.paths.setdefault((branch.prefix + path).rstrip("/") or "/", {}).update(moved(item))
        for name, item in theirs.get("webhooks", {}).items():
            self.webhooks[f"{qualifier}.{name}"] = moved(item)
        self.tags += theirs.get("tags", [])

    def components(self) -> Document:
        """What is referred to, directly or not: both modes of a model were generated, and perhaps one is used."""
        everything = {"schemas": self.schemas, **self.others}
        schemas = {
            name: entry
            for (kind, name), entry in used([self.paths, self.webhooks, self.others], everything).items()
            if kind == "schemas"
        }
        return {kind: entries for kind, entries in {"schemas": schemas, **self.others}.items() if entries}


class _Unchecked(set[str]):
    """The operation ids that FastAPI has seen, to which it need say nothing: they are made unique afterwards."""

    def __contains__(self, _: object) -> bool:
        return False


def _describe_problems(operation: Document) -> None:
    """Refers to the problem document where FastAPI describes its own errors, and for every error not declared."""
    responses = operation.setdefault("responses", {})
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": REF_PREFIX + "Problem"}}}
    invalid = {"application/json": {"schema": {"$ref": REF_PREFIX + "HTTPValidationError"}}}
    if responses.get("422", {}).get("content") == invalid:
        responses["422"] = {"description": "Validation Error", "content": content}
    responses.setdefault("default", {"description": "Error", "content": content})


def _rendered(app: FastAPI, described: _Described, said: Document) -> Document:
    """The document of a part in FastAPI's own form."""
    info = {
        "title": app.title,
        "version": app.version,
        "summary": app.summary,
        "description": app.description,
        "termsOfService": app.terms_of_service,
        "contact": app.contact,
        "license": app.license_info,
    }
    whole = {
        "openapi": app.openapi_version,
        "info": {name: value for name, value in info.items() if value},
        "components": described.components(),
        "paths": described.paths,
        "webhooks": described.webhooks,
        "tags": described.tags,
        **said,
    }
    kept = {name: value for name, value in whole.items() if value or name == "paths"}
    return cast(Document, jsonable_encoder(OpenAPI.model_validate(kept), by_alias=True, exclude_none=True))
