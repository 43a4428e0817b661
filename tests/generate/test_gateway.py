"""Envoy's configuration, made of a project and a placement."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fissile import ConfigurationError
from fissile.generate.envoy import bootstrap, render
from fissile.generate.gateway import Gateway, Upstream, gateway
from fissile.project import Placement, Process, find
from fissile.supervisor import envoy

GOLDEN = Path(__file__).parent / "gateway.json"
AUTHORITIES = envoy.authorities()
GATEWAY = Gateway(
    "127.0.0.1",
    8000,
    (
        Upstream("people", ("unix:/run/fissile/people-1.sock",)),
        Upstream("trade", ("unix:/run/fissile/trade-1.sock", "unix:/run/fissile/trade-2.sock")),
    ),
    {"/users": "people", "/orders": "trade", "/orders/archive": "people"},
    "people",
    Path("/run/fissile/gateway.sock"),
    away="fissile-away-0123456789abcdef",
)


def elsewhere(address: str) -> Gateway:
    """A gateway whose only process is at an address."""
    return replace(
        GATEWAY, upstreams=(Upstream("people", (address,)),), routes={"/users": "people"}, authorities=AUTHORITIES
    )


def cluster(wanted: Gateway) -> dict[str, Any]:
    """The first process, as Envoy is told."""
    found: dict[str, Any] = bootstrap(wanted)["static_resources"]["clusters"][0]
    return found


def routes(wanted: Gateway) -> list[dict[str, Any]]:
    """The routes, as Envoy is told."""
    chain = bootstrap(wanted)["static_resources"]["listeners"][0]["filter_chains"][0]
    found: list[dict[str, Any]] = chain["filters"][0]["typed_config"]["route_config"]["virtual_hosts"][0]["routes"]
    return found


def test_the_configuration_is_what_it_was() -> None:
    """Every change of it is looked at: write the file anew with `render` and read the difference."""
    assert GOLDEN.read_text() == render(GATEWAY)


def test_a_time_for_answers_is_that_of_each_try() -> None:
    """Envoy ends it when an answer begins, and leaves the process a moment to say so itself; else there is none."""
    found = [route["route"] for route in routes(replace(GATEWAY, answer=30.0)) if "route" in route]
    assert {"31.000s"} == {route["retry_policy"]["per_try_timeout"] for route in found}
    assert {"0s"} == {route["timeout"] for route in found}
    assert not any("per_try_timeout" in route["route"]["retry_policy"] for route in routes(GATEWAY) if "route" in route)


def test_the_same_gateway_gives_the_same_text() -> None:
    """Whatever order its routes were found in."""
    turned = replace(GATEWAY, routes=dict(reversed(list(GATEWAY.routes.items()))))
    assert render(GATEWAY) == render(turned)


def test_the_longest_prefix_comes_first_and_the_front_last() -> None:
    """After the reserved paths, which lead nowhere."""
    plain = [route for route in routes(GATEWAY) if "safe_regex" not in route["match"]]
    found = [(route["match"], route.get("route", {}).get("cluster")) for route in plain]
    assert [
        ({"path_separated_prefix": "/-"}, None),
        ({"path_separated_prefix": "/orders/archive"}, "people"),
        ({"path_separated_prefix": "/orders"}, "trade"),
        ({"path_separated_prefix": "/users"}, "people"),
        ({"prefix": "/"}, "people"),
    ] == found


def test_a_placement_becomes_a_gateway() -> None:
    """Prefixes of what has an API; sockets of what runs here, addresses of what does not."""
    project = find("shop")
    processes = (
        Process("people", ("users",), workers=2),
        Process("trade", ("orders", "suppliers"), 1, "https://t:8443"),
    )
    wanted = gateway(project, Placement("apart", processes), Path("/s"), "::1", 80, Path("/s/admin"))
    assert (
        Upstream("people", ("unix:/s/people-1.sock", "unix:/s/people-2.sock")),
        Upstream("trade", ("https://t:8443",), is_elsewhere=True),
    ) == wanted.upstreams
    assert ({"/users": "people", "/orders": "trade", "/suppliers": "trade"}, "people") == (wanted.routes, wanted.front)


@pytest.mark.parametrize(
    ("address", "kind", "host", "port"),
    [
        ("http://127.0.0.1:9001", "STATIC", "127.0.0.1", 9001),
        ("http://[::1]:9001", "STATIC", "::1", 9001),
        ("http://trade.internal", "STRICT_DNS", "trade.internal", 80),
        ("https://trade.internal", "STRICT_DNS", "trade.internal", 443),
    ],
)
def test_a_process_elsewhere(address: str, kind: str, host: str, port: int) -> None:
    """Is looked up by its name, and told in the ordinary way who asks."""
    found = cluster(elsewhere(address))
    [endpoint] = found["load_assignment"]["endpoints"][0]["lb_endpoints"]
    expected = {"socket_address": {"address": host, "port_value": port}}
    assert (kind, expected) == (found["type"], endpoint["endpoint"]["address"])
    [header] = routes(elsewhere(address))[-1]["request_headers_to_add"]
    assert ("x-forwarded-for", "APPEND_IF_EXISTS_OR_ADD") == (header["header"]["key"], header["append_action"])


def test_over_tls_to_nobody_else() -> None:
    """The certificate has to name the host, and an authority of this machine to vouch for it."""
    tls = cluster(elsewhere("https://trade.internal"))["transport_socket"]["typed_config"]
    validation = tls["common_tls_context"]["validation_context"]
    assert ("trade.internal", {"filename": str(AUTHORITIES)}) == (tls["sni"], validation["trusted_ca"])
    expected = [{"san_type": "DNS", "matcher": {"exact": "trade.internal"}}]
    assert expected == validation["match_typed_subject_alt_names"]


def test_without_authorities_nobody_is_believed() -> None:
    """Rather than everybody."""
    with pytest.raises(ConfigurationError) as caught:
        render(replace(elsewhere("https://trade.internal"), authorities=None))
    assert "no certificate authorities" in caught.value.faults[0].what


@pytest.mark.parametrize(
    "wanted",
    [
        GATEWAY,
        replace(GATEWAY, host="::1"),
        replace(GATEWAY, routes={"/abcdefghijklmnopqrstuvwxyz01234" * 8: "people"}),
        *map(elsewhere, ("http://[::1]:1", "http://a.test", "https://a.test:1")),
    ],
)
def test_envoy_takes_it(wanted: Gateway, tmp_path: Path) -> None:
    """The real one."""
    file = tmp_path / "gateway.json"
    file.write_text(render(wanted))
    envoy.validate(envoy.find(os.environ), file)


def test_it_is_json() -> None:
    """A YAML parser reads some of its words differently."""
    assert json.loads(render(GATEWAY)) == bootstrap(GATEWAY)


def test_escaped_letters_match_too() -> None:
    """After the prefix itself, and before any shorter one."""
    found = [route["match"].get("safe_regex", {}).get("regex", "") for route in routes(GATEWAY)]
    escaped = [regex for regex in found if regex]
    assert (4, "") == (len(escaped), found[-1])
    for regex, path in zip(escaped, ("/%2D", "/orders/%61rchive", "/%6frders", "/user%73"), strict=True):
        assert re.fullmatch(regex, path)
        assert re.fullmatch(regex, f"{path}/%zz")
        assert not re.fullmatch(regex, f"{path}x")
