"""Envoy's configuration for a gateway, as plain data (Envoy's bootstrap, API version 3).

The rule behind each choice: what comes through the gateway is answered as the application alone would answer it. So
Envoy decides the process, and leaves path, query, headers, bodies and times to the application. Where it must answer
itself, it does so with a problem document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from fissile.errors import ConfigurationError, Fault

from .gateway import CLIENT, IDLE, LIVE, RESERVED, Gateway, Upstream

HEADERS_IN_TIME = "60s"
"""How long the head of a request may take: the one limit that an open port cannot do without."""

HEADERS_KIB = 64
HEADERS_COUNT = 1000
"""The largest head that passes, in either direction; an application alone has no limit."""

WITHOUT_LIMIT = 1_000_000
"""Connections and requests to one process: its own limits are the ones to be met."""

REGEX_SIZE = 100_000
"""Instructions of the largest regular expression, which grows with a component's prefix."""

BUFFER = 256 * 1024
"""Bytes that wait on a connection before its other side is slowed down."""

RETRIED = "connect-failure,refused-stream,reset-before-request,retriable-headers"
"""What certainly did not reach a process, or reached the supervisor in its place."""

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
"""Characters whose escapes mean the same (RFC 3986, section 2.3)."""

UNHEEDED = ("x-envoy-immediate-health-check-fail",)
"""Headers of an answer that Envoy would obey, although any application can reflect them: it takes the process that gave
the answer out of service (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter)."""

LAST_WORD = 1.0
"""Seconds after which the gateway answers in the place of a process that had to, and that hangs."""

CHECK = "1s"
"""How often each of several workers is asked whether it lives, and how long its answer may take. A silent one gets no
requests as long as another worker answers, which does no harm to one that is only held up for a moment."""

CHECK_UNUSED = "5s"
"""The time between two health checks of a worker that answers, before the process has had a request."""

CHECK_SILENT = "0.25s"
"""The time between two health checks of a worker that did not answer: it may soon be the only one left."""

PANIC = 1
"""Percent of the workers that answer, below which all get requests as if all did: those of a process whose only
worker is held up wait for it, and its supervisor replaces it if need be."""

REPLIES = {
    400: ("Bad Request", "bad_request", ""),
    403: ("Forbidden", "forbidden", "The connection cannot be upgraded to that protocol."),
    404: ("Not Found", "not_found", ""),
    408: ("Request Timeout", "request_timeout", ""),
    413: ("Content Too Large", "content_too_large", ""),
    426: ("Upgrade Required", "upgrade_required", ""),
    431: ("Request Header Fields Too Large", "request_header_fields_too_large", ""),
    500: ("Internal Server Error", "internal_server_error", ""),
    501: ("Not Implemented", "not_implemented", ""),
    502: ("Bad Gateway", "bad_gateway", "The process that answers here gave no valid answer."),
    503: ("Service Unavailable", "unavailable", "The process that answers here is away."),
    504: ("Gateway Timeout", "deadline_exceeded", "The process that answers here did not answer in time."),
}
"""What Envoy answers by itself: title, code and detail for each status."""


def render(gateway: Gateway) -> str:
    """Envoy's configuration as the text of a file; the same gateway gives the same text."""
    return json.dumps(bootstrap(gateway), indent=1, sort_keys=True) + "\n"


def bootstrap(gateway: Gateway) -> dict[str, Any]:
    """Envoy's configuration."""
    limit = {"max_active_downstream_connections": gateway.connections}
    monitor = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    return {
        "admin": {
            "address": {"pipe": {"path": str(gateway.admin), "mode": 0o600}},
            "ignore_global_conn_limit": True,
        },
        "overload_manager": {
            "resource_monitors": [
                _extension("envoy.resource_monitors.global_downstream_max_connections", monitor, limit)
            ]
        },
        # Envoy refuses a regular expression of more than 100 instructions: 20 letters of a prefix.
        "layered_runtime": {
            "layers": [{"name": "static", "static_layer": {"re2.max_program_size.error_level": REGEX_SIZE}}]
        },
        "static_resources": {
            "listeners": [_listener(gateway)],
            "clusters": [_cluster(upstream, gateway.authorities) for upstream in gateway.upstreams],
        },
    }


def _extension(name: str, kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": f"type.googleapis.com/{kind}", **config}}


# ---------------------------------------------------------------------------------------------- downstream


def _listener(gateway: Gateway) -> dict[str, Any]:
    manager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    return {
        "name": "http",
        "address": {"socket_address": {"address": gateway.host, "port_value": gateway.port}},
        "enable_reuse_port": False,  # else a second gateway on the port would take every other connection
        "per_connection_buffer_limit_bytes": BUFFER,
        "filter_chains": [{"filters": [_extension("http", manager, _manager(gateway))]}],
    }


def _manager(gateway: Gateway) -> dict[str, Any]:
    router = "envoy.extensions.filters.http.router.v3.Router"
    return {
        "stat_prefix": "http",
        **_reading(gateway),
        **_forwarding(),
        "stream_idle_timeout": "0s",  # event streams and sockets last
        "request_headers_timeout": HEADERS_IN_TIME,
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "local_reply_config": _local_replies(),
        "http_filters": [_extension("router", router, {"suppress_envoy_headers": True})],
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": _routes(gateway)}],
            "request_headers_to_remove": ["x-envoy-external-address", "x-envoy-internal"],
            "response_headers_to_remove": [gateway.away] if gateway.away else [],
        },
    }


def _reading(gateway: Gateway) -> dict[str, Any]:
    """HTTP as uvicorn reads it: 1.0 and 1.1, any header, the path as it is."""
    host = f"[{gateway.host}]" if ":" in gateway.host else gateway.host
    return {
        "codec_type": "HTTP1",
        "http_protocol_options": {
            "accept_http_10": True,
            "default_host_for_http_10": f"{host}:{gateway.port}",
        },
        "common_http_protocol_options": {
            "headers_with_underscores_action": "ALLOW",
            "max_headers_count": HEADERS_COUNT,
        },
        "max_request_headers_kb": HEADERS_KIB,
        "normalize_path": False,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
        "proxy_100_continue": True,  # whoever refuses a body does so before it is sent
    }


def _forwarding() -> dict[str, Any]:
    """What is told of the client: nothing but `CLIENT`, so that headers reach the process as they were sent."""
    nobody = {"address_prefix": "255.255.255.255", "prefix_len": 32}
    return {
        "use_remote_address": True,
        "skip_xff_append": True,
        # One hop is trusted so that `x-forwarded-proto` is kept: the process decides whom it believes that of.
        "xff_num_trusted_hops": 1,
        # Nobody is internal: an internal client could steer retries and times by headers of Envoy's.
        "internal_address_config": {"unix_sockets": False, "cidr_ranges": [nobody]},
        "generate_request_id": False,
        "preserve_external_request_id": True,
        "server_header_transformation": "PASS_THROUGH",
    }


def _routes(gateway: Gateway) -> list[dict[str, Any]]:
    """The reserved paths are nobody's; the longest prefix wins; the rest is the front's."""
    closed = [{"match": match, "direct_response": {"status": 404}} for match in _matches(RESERVED)]
    upstreams = {upstream.name: upstream for upstream in gateway.upstreams}
    prefixes = sorted(gateway.routes, key=lambda prefix: (-len(prefix), prefix))
    claimed = [(match, upstreams[gateway.routes[prefix]]) for prefix in prefixes for match in _matches(prefix)]
    matched = [*claimed, ({"prefix": "/"}, upstreams[gateway.front])]
    return [*closed, *(_route(match, upstream, gateway) for match, upstream in matched)]


def _matches(prefix: str) -> list[Mapping[str, Any]]:
    """Matches of the paths below a prefix, as it is and with escaped letters (`fissile.generate.gateway.unescaped`)."""
    letters = "".join(
        f"(?:{re.escape(letter)}|(?i:%{ord(letter):02x}))" if UNRESERVED.fullmatch(letter) else re.escape(letter)
        for letter in prefix
    )
    has_escape = {"name": ":path", "string_match": {"contains": "%"}}
    escaped = {"safe_regex": {"regex": f"{letters}(?:/.*)?"}, "headers": [has_escape]}
    return [{"path_separated_prefix": prefix}, escaped]


def _route(match: Mapping[str, Any], upstream: Upstream, gateway: Gateway) -> dict[str, Any]:
    """A route without times of its own, which repeats a request only when it certainly did not run.

    The time of a try ends when the answer begins, and begins when the request has been read, so that it cuts off no
    upload, download or event stream, and no WebSocket.
    """
    away = gateway.away
    in_time = {} if gateway.answer is None else {"per_try_timeout": f"{gateway.answer + LAST_WORD:.3f}s"}
    return {
        "match": match,
        "route": {
            "cluster": upstream.name,
            "timeout": "0s",
            "idle_timeout": "0s",
            "retry_policy": {
                **in_time,
                "retry_on": RETRIED,
                "retriable_headers": [{"name": away, "present_match": True}] if away else [],
                "num_retries": 3,
                "host_selection_retry_max_attempts": "3",
                "retry_host_predicate": [
                    _extension(
                        "envoy.retry_host_predicates.previous_hosts",
                        "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
                        {},
                    )
                ],
            },
        },
        **_told(upstream),
    }


def _told(upstream: Upstream) -> dict[str, Any]:
    """What a process is told of the client."""
    if upstream.address is None and not upstream.is_elsewhere:
        value = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS%"
        header = {"header": {"key": CLIENT, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        return {"request_headers_to_add": [header]}
    value = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"
    header = {"header": {"key": "x-forwarded-for", "value": value}, "append_action": "APPEND_IF_EXISTS_OR_ADD"}
    return {"request_headers_to_add": [header], "request_headers_to_remove": [CLIENT]}


def _local_replies() -> dict[str, Any]:
    """What the gateway itself answers: problem documents (RFC 9457)."""
    return {
        "mappers": [_mapper(status, *reply) for status, reply in sorted(REPLIES.items())],
        "body_format": _problem("Error", "error", ""),
    }


def _mapper(status: int, title: str, code: str, detail: str) -> dict[str, Any]:
    comparison = {"op": "EQ", "value": {"default_value": status, "runtime_key": f"local_reply_{status}"}}
    mapper: dict[str, Any] = {
        "filter": {"status_code_filter": {"comparison": comparison}},
        "body_format_override": _problem(title, code, detail),
    }
    if status == 503:
        mapper["headers_to_add"] = [{"header": {"key": "retry-after", "value": "1"}}]
    return mapper


def _problem(title: str, code: str, detail: str) -> dict[str, Any]:
    document = {
        "type": "about:blank",
        "title": title,
        "status": "%RESPONSE_CODE%",
        "instance": "%PATH(NQ)%",
        "code": code,
    }
    if detail:
        document["detail"] = detail
    return {"json_format": document, "content_type": "application/problem+json", "omit_empty_values": True}


# ------------------------------------------------------------------------------------------------ upstream


def _cluster(upstream: Upstream, authorities: Path | None) -> dict[str, Any]:
    limits = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests", "max_retries"), WITHOUT_LIMIT)
    options = {
        "common_http_protocol_options": {
            "idle_timeout": IDLE,
            "max_headers_count": HEADERS_COUNT,
            "max_response_headers_kb": HEADERS_KIB,
        },
        "explicit_http_config": {"http_protocol_options": {}},
        "http_filters": _unheeded(),
    }
    protocols = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    cluster: dict[str, Any] = {
        "name": upstream.name,
        "type": _discovery(upstream.address),
        "dns_lookup_family": "V4_PREFERRED",
        "connect_timeout": "1s",
        "per_connection_buffer_limit_bytes": BUFFER,
        "lb_policy": "LEAST_REQUEST",
        "common_lb_config": {"healthy_panic_threshold": {"value": PANIC}},
        "circuit_breakers": {"thresholds": [limits]},
        "load_assignment": {
            "cluster_name": upstream.name,
            "endpoints": [{"lb_endpoints": [_endpoint(endpoint) for endpoint in upstream.endpoints]}],
        },
        "typed_extension_protocol_options": {protocols: _extension("", protocols, options)["typed_config"]},
    }
    if len(upstream.endpoints) > 1 or upstream.address is not None:
        cluster["outlier_detection"] = _outliers()
    if len(upstream.endpoints) > 1 and upstream.address is None:
        cluster["health_checks"] = [_health_check()]
    if upstream.address is not None and upstream.address.scheme == "https":
        cluster["transport_socket"] = _tls(upstream.address.hostname or "", authorities)
    return cluster


def _unheeded() -> list[dict[str, Any]]:
    """Filters that drop, before Envoy reads it, the header by which an answer could end its own process's readiness."""
    filters = "envoy.extensions.filters.http"
    dropped = {"mutations": {"response_mutations": [{"remove": name} for name in UNHEEDED]}}
    return [
        _extension("header_mutation", f"{filters}.header_mutation.v3.HeaderMutation", dropped),
        _extension("codec", f"{filters}.upstream_codec.v3.UpstreamCodec", {}),
    ]


def _health_check() -> dict[str, Any]:
    """Ask each worker over its socket whether it lives; what has a blocked loop, or is stopped, does not answer."""
    return {
        "timeout": CHECK,
        "interval": CHECK,
        "no_traffic_interval": CHECK_SILENT,
        "no_traffic_healthy_interval": CHECK_UNUSED,
        "unhealthy_interval": CHECK_SILENT,
        "unhealthy_edge_interval": CHECK_SILENT,
        "unhealthy_threshold": 1,
        "healthy_threshold": 1,
        "http_health_check": {"path": LIVE, "host": "fissile"},
    }


def _outliers() -> dict[str, Any]:
    """Pass over a worker that breaks connections or is silent several times in a row, for a few seconds.

    Only what happens to the connections counts: a 503 may be the application's own answer, and says nothing about its
    worker.
    """
    statuses = ("consecutive_5xx", "consecutive_gateway_failure", "success_rate", "local_origin_success_rate")
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 5,
        "interval": CHECK,
        "base_ejection_time": "2s",
        "max_ejection_time": "10s",
        "max_ejection_percent": 100,
        **{f"enforcing_{status}": 0 for status in statuses},
    }


def _discovery(address: SplitResult | None) -> str:
    try:
        return "STATIC" if address is None or ip_address(address.hostname or "") else ""
    except ValueError:
        return "STRICT_DNS"


def _endpoint(endpoint: str) -> dict[str, Any]:
    parts = urlsplit(endpoint)
    if parts.scheme == "unix":
        return {"endpoint": {"address": {"pipe": {"path": endpoint.removeprefix("unix:")}}}}
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"endpoint": {"address": {"socket_address": {"address": parts.hostname, "port_value": port}}}}


def _tls(host: str, authorities: Path | None) -> dict[str, Any]:
    """Over TLS, to nobody but a process whose certificate names the host."""
    if authorities is None:
        what = f"nothing can vouch for https://{host}: this machine has no certificate authorities"
        raise ConfigurationError(
            Fault(what, "", "", "install ca-certificates, or let SSL_CERT_FILE name a file of them")
        )
    match = {"san_type": "DNS", "matcher": {"exact": host}}
    validation = {"trusted_ca": {"filename": str(authorities)}, "match_typed_subject_alt_names": [match]}
    context = {"sni": host, "common_tls_context": {"validation_context": validation}}
    return _extension("tls", "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", context)
