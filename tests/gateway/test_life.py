"""The start and the end of Envoy."""

import socket
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fissile.generate.gateway import Gateway, Upstream
from fissile.project import find
from fissile.supervisor import gateway
from fissile.supervisor.logs import Stream
from tests.gateway.stand import PATIENCE, PLACEMENT, Stand, envoy_running, free_port, read, send, written


def test_a_port_is_not_shared(stand: Stand) -> None:
    """A second gateway on a port ends and says why: it would take every other connection."""
    with TemporaryDirectory(prefix="f-", dir="/tmp") as folder:
        upstream = Upstream("people", PLACEMENT.processes[0].endpoints(stand.folder))
        second = Gateway("127.0.0.1", stand.through, (upstream,), {}, "people", Path(folder) / "admin.sock")
        with envoy_running(second) as process:
            _, said = process.communicate(timeout=PATIENCE)
    assert (1, True) == (process.returncode, "Address already in use" in said)


async def test_the_gateway_is_drained(stand: Stand, tmp_path: Path) -> None:
    """Nobody new gets in, who is inside is answered and told to come no more, and then it ends at once."""
    front = gateway.Gateway(find("tests.gateway.booth"), PLACEMENT, "127.0.0.1", free_port())
    port = int(front.url.rpartition(":")[2])
    front.prepare(stand.folder)
    with (tmp_path / "log").open("w") as log:
        child = await front.start(Stream(log, ["gateway"], colour=False))
        assert await child.until(lambda: child.is_ready, PATIENCE)
        with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as connection:
            connection.sendall(written("GET /letters HTTP/1.1"))
            assert None is read(connection).header("connection")
            await front.drain(PATIENCE)
            with pytest.raises(ConnectionError):  # refused, or reset when it was in the queue already
                send(port, written("GET /letters HTTP/1.1"))
            connection.sendall(written("GET /letters HTTP/1.1"))
            assert "close" == read(connection).header("connection")
        child.process.terminate()
        assert 0 == await child.ended()
    assert "" == (tmp_path / "log").read_text()
