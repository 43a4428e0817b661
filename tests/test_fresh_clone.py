"""The README's first command on a machine that has none of our packages."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.acceptance


def bare_environment(home: Path) -> dict[str, str]:
    """What a new account has: no uv, no virtual environment, no caches, nothing of ours on the path."""
    tools = home / "bin"
    tools.mkdir(parents=True)
    for tool in (
        "make",
        "git",
        "sh",
        "bash",
        "env",
        "touch",
        "sed",
        "awk",
        "ls",
        "test",
        "rm",
        "cat",
        "uname",
        "dirname",
    ):
        if found := shutil.which(tool):
            (tools / tool).symlink_to(found)
    (tools / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_", "UV_DEFAULT", "HTTP"))}
    return {**kept, "HOME": str(home), "PATH": str(tools), "FISSILE_STATE": str(home / "state")}


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_answered(client: httpx2.Client, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Returns when the application answers; fails when its process ends or the time is up."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        with contextlib.suppress(httpx2.TransportError):
            if client.get("/openapi.json").status_code == 200:  # apart it needs all processes
                return
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"make run ended with {process.wait(timeout=0.2)}")
    pytest.fail(f"nothing answered within {seconds} s")


def order_something(clone: Path, environment: dict[str, str], *options: str) -> None:
    """`make run` is enough to place an order; Ctrl-C ends it and leaves nothing listening."""
    port = free_port()
    words = ["make", "run", f"PORT={port}", *options]
    process = subprocess.Popen(words, cwd=clone, env=environment, start_new_session=True, stdin=subprocess.DEVNULL)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until_answered(client, process, seconds=300)
            supplier = client.post("/suppliers", json={"name": "Ada", "city": "Bergen"})
            assert supplier.status_code == 201
            order = {"supplier_id": supplier.json()["id"], "item": "bolt", "quantity": 1}
            assert client.post("/orders", json=order).status_code == 201
            assert client.post("/orders", json={**order, "supplier_id": 999}).status_code == 422
            assert client.get("/docs").status_code == 200
            assert {"/orders", "/suppliers", "/users"} <= client.get("/openapi.json").json()["paths"].keys()
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_make_run_serves_the_shop_from_a_fresh_clone(tmp_path: Path) -> None:
    """`git clone` and `make run` are enough, together and apart: everything else comes from pip's packages."""
    clone, environment = tmp_path / "clone", bare_environment(tmp_path / "home")
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    order_something(clone, environment)
    order_something(clone, environment, "PLACEMENT=apart")
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert status.stdout == ""
