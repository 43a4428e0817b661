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


def wait_until_live(client: httpx2.Client, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Returns when the application answers; fails when its process ends or the time is up."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            if client.get("/-/live").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"make run ended with {process.wait(timeout=0.2)}")
    pytest.fail(f"nothing answered within {seconds} s")


def test_make_run_serves_the_shop_from_a_fresh_clone(tmp_path: Path) -> None:
    """`git clone` and `make run` are enough to place an order; Ctrl-C ends it and leaves nothing listening."""
    clone, environment, port = tmp_path / "clone", bare_environment(tmp_path / "home"), free_port()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}"], cwd=clone, env=environment, start_new_session=True, stdin=subprocess.DEVNULL
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_until_live(client, process, seconds=300)
            supplier = client.post("/suppliers", json={"name": "Ada", "city": "Bergen"})
            assert supplier.status_code == 201
            order = {"supplier_id": supplier.json()["id"], "item": "bolt", "quantity": 1}
            assert client.post("/orders", json=order).status_code == 201
            assert client.post("/orders", json={**order, "supplier_id": 999}).status_code == 422
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=30)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    status = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert status.stdout == ""
