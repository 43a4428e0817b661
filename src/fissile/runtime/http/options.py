"""What `App` takes besides its package: FastAPI's own keywords, so that editors and type checkers know them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypedDict

from fastapi import APIRouter, Request, Response
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import Lifespan


class Options(TypedDict, total=False):
    """The keywords of ``FastAPI(...)``; a test compares them with FastAPI's signature.

    What FastAPI documents is not repeated here: https://fastapi.tiangolo.com/reference/fastapi/
    """

    telemetry: Any  # FastAPI's TelemetryConfig is private
    debug: bool
    routes: list[BaseRoute] | None
    title: str
    summary: str | None
    description: str
    version: str
    openapi_url: str | None
    openapi_tags: list[dict[str, Any]] | None
    servers: list[dict[str, Any]] | None
    dependencies: Sequence[Depends] | None
    default_response_class: type[Response]
    redirect_slashes: bool
    docs_url: str | None
    redoc_url: str | None
    swagger_ui_oauth2_redirect_url: str | None
    swagger_ui_init_oauth: dict[str, Any] | None
    middleware: Sequence[Middleware] | None
    exception_handlers: (
        Mapping[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response] | Response]] | None
    )
    on_startup: Sequence[Callable[[], Any]] | None
    on_shutdown: Sequence[Callable[[], Any]] | None
    lifespan: Lifespan[Any] | None
    terms_of_service: str | None
    contact: dict[str, Any] | None
    license_info: dict[str, Any] | None
    root_path: str
    root_path_in_servers: bool
    responses: dict[int | str, dict[str, Any]] | None
    callbacks: list[BaseRoute] | None
    webhooks: APIRouter | None
    deprecated: bool | None
    include_in_schema: bool
    swagger_ui_parameters: dict[str, Any] | None
    generate_unique_id_function: Callable[[APIRoute], str]
    separate_input_output_schemas: bool
    openapi_external_docs: dict[str, Any] | None
    strict_content_type: bool
    max_body_size: int | None
    form_limits: Any  # FastAPI's _FormLimits is private
