"""Links over TCP: to a process at an address, with a secret, and through TLS."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fissile import App
from fissile.errors import ConfigurationError, Incompatible, Unavailable
from fissile.project import Peer, View
from fissile.project.secrets import create_secret
from fissile.runtime.server import Server, config
from fissile.transports.link import Link, LinkServer, dialling, dials, endpoint
from fissile.transports.link.frames import VERSIONS

from .places import GREETING, NAME
from .processes import PACKAGE, placed
from .relay.probe.public import Probe
from .wire import Door, Worker, Workshop, asking, contract_of, served

SECRET = "a secret that nobody guesses"
PROBE = {"probe.Probe": contract_of(Probe)}


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of secrets, with that of the links."""
    folder = tmp_path / "secrets"
    create_secret(folder / "link", SECRET)
    monkeypatch.setenv("FISSILE_SECRETS", str(folder))
    monkeypatch.setenv("FISSILE_STATE", str(tmp_path / "state"))
    return folder


@pytest.fixture
async def port(secrets: Path) -> AsyncIterator[int]:
    """The port of a process that runs probe."""
    async with serving(socket.create_server(("127.0.0.1", 0))) as found:
        yield found


@asynccontextmanager
async def serving(listener: socket.socket) -> AsyncIterator[int]:
    """A process that runs probe; gives its port."""
    server = Server(config(placed("probe", {}), links=True, drain=1, log_level="critical"))
    running = asyncio.create_task(server._serve([listener]))  # without its handlers of signals
    found: int = listener.getsockname()[1]
    try:
        async with asyncio.timeout(20):
            while not server.started:
                await asyncio.sleep(0.005)
        yield found
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def linked(address: str, secret: str = SECRET) -> AsyncIterator[Link]:
    """A link to a process at an address."""
    link = Link("probe", dials([address], secret=secret), PROBE)
    try:
        yield link
    finally:
        await link.close()


async def until_connected(link: Link, count: int) -> None:
    """Waits for so many connections."""
    async with asyncio.timeout(20):
        while len(link.connections) != count:
            await asyncio.sleep(0.005)


class TestSecret:
    """Over TCP a process answers only who shows its secret."""

    async def test_a_process_calls_another(self, port: int) -> None:
        """With the secret of its own directory, and over two connections: there may be several processes behind one."""
        address = f"http://127.0.0.1:{port}"
        app = placed("front", {"probe": address, "middle": address})
        async with app.caller() as call:
            assert "text" == await call(Probe).echo("text")
            link = next(link for link in app.runtime.peers() if link.peer == "probe")
            await until_connected(link, 2)

    @pytest.mark.parametrize("shown", ["", "another", SECRET + "s", SECRET[:-1]])
    async def test_another_secret(self, port: int, shown: str) -> None:
        """It finds nothing there, and is told what may be wrong."""
        async with linked(f"http://127.0.0.1:{port}", shown) as link:
            with pytest.raises(Incompatible, match=r"probe refused the link: .*404.*secrets at both ends") as caught:
                await asking(Probe, link).echo("text")
            assert not caught.value.may_have_run

    async def test_an_address_that_is_a_unix_socket(self, secrets: Path) -> None:
        """It is no sign of trust either: the process shows the secret, and is refused without it."""
        with TemporaryDirectory(prefix="f-") as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{folder}/s")
            address = f"unix:{folder}/s"
            app = App(PACKAGE)
            peers = {name: Peer(name, (address,), is_elsewhere=True) for name in ("probe", "middle")}
            app.view = View("apart", live=frozenset({"front"}), peers=peers)
            async with serving(listener):
                async with app.caller() as call:
                    assert "text" == await call(Probe).echo("text")
                for shown in ("", SECRET[:-1]):
                    async with linked(address, shown) as link:
                        with pytest.raises(Incompatible, match=r"404.*secrets at both ends"):
                            await asking(Probe, link).echo("text")
            (secrets / "link").unlink()
            other = App(PACKAGE)
            other.view = app.view
            with pytest.raises(ConfigurationError, match="there is no secret for the link"):
                assert other.runtime

    async def test_from_elsewhere(self, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """The secret opens nothing to other machines, which have to come through what ends TLS in front of it."""
        monkeypatch.setattr("fissile.runtime.secret.LOOPBACK", ("192.0.2.1",))
        async with linked(f"http://127.0.0.1:{port}") as link:
            with pytest.raises(Incompatible, match="404"):
                await asking(Probe, link).echo("text")

    async def test_a_provider_without_a_secret(self, port: int, secrets: Path) -> None:
        """It answers nobody over TCP."""
        (secrets / "link").unlink()
        async with linked(f"http://127.0.0.1:{port}", "") as link:
            with pytest.raises(Incompatible, match="404"):
                await asking(Probe, link).echo("text")

    def test_a_consumer_without_a_secret(self, secrets: Path) -> None:
        """It does not start, and says which file is missing."""
        (secrets / "link").unlink()
        address = "https://probe.internal:8000"
        with pytest.raises(ConfigurationError) as caught:
            assert placed("front", {"probe": address, "middle": address}).runtime
        (fault,) = caught.value.faults
        assert f"the process middle is at {address}, and there is no secret for the link to it" == fault.what
        assert str(secrets / "link") in fault.fix

    @pytest.mark.parametrize("secret", ["two\nlines", "schlüssel", "a\0b"])
    def test_a_secret_that_no_header_can_carry(self, secrets: Path, secret: str) -> None:
        """It does not start, and names the file."""
        (secrets / "link").write_text(secret)
        with pytest.raises(ConfigurationError) as caught:
            assert placed("front", {"probe": "http://127.0.0.1:1", "middle": "http://127.0.0.1:1"}).runtime
        assert [str(secrets / "link")] == [fault.where for fault in caught.value.faults]

    async def test_nobody_is_there(self, free_port: int) -> None:
        """The peer is away, as over a Unix socket."""
        async with linked(f"http://127.0.0.1:{free_port}") as link:
            with pytest.raises(Unavailable) as caught:
                await link.connection(PROBE["probe.Probe"].methods["echo"], asyncio.get_running_loop().time() + 0.2)
            assert not caught.value.may_have_run

    async def test_a_machine_that_ends_without_a_word(self, port: int) -> None:
        """The kernel asks for it while nothing is sent, so that no call waits for it for long."""
        async with linked(f"http://127.0.0.1:{port}") as link:
            assert "text" == await asking(Probe, link).echo("text")
            connection = link.current()
            assert connection is not None and connection.transport is not None
            sock = connection.transport.get_extra_info("socket")
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux: also while something that was sent is not acknowledged
                expected = dialling.UNANSWERED * 1000
                assert expected == sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)


@contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """Where nobody answers: its queue of connections is full, so that a further one is neither taken nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as stack:
        for _ in range(8):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(listener.getsockname())
        yield listener.getsockname()


def named(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> str:
    """An address whose host has several, as a name service says."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    return "http://several.internal"


def has_ipv6() -> bool:
    """Whether this machine has it."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


class TestAddresses:
    """What an address may be."""

    @pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")
    @pytest.mark.usefixtures("secrets")
    async def test_of_ipv6(self) -> None:
        """In brackets, as everywhere; the loopback interface is this machine there too."""
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        async with serving(listener) as port, linked(f"http://[::1]:{port}") as link:
            assert "text" == await asking(Probe, link).echo("text")

    @pytest.mark.parametrize("name", ["a..b", "x" * 64])
    async def test_no_name_of_a_host(
        self, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The peer is away, and the log says why."""
        monkeypatch.setattr(endpoint, "PATIENCE", 0.1)
        async with linked(f"http://{name}") as link:
            link.connect()
            async with asyncio.timeout(20):
                while f"{name} is not the name of a host" not in caplog.text:
                    await asyncio.sleep(0.005)
            assert ("away", {}) == link.state()

    async def test_several_of_which_some_are_dead(
        self, port: int, free_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One that refuses and one that is silent do not keep a connection from the one that answers."""
        monkeypatch.setattr(dialling, "NEXT", 0.05)
        with black_hole() as silent:
            address = named(monkeypatch, *[silent] * 8, ("127.0.0.1", free_port), ("127.0.0.1", port))
            async with linked(address) as link:
                assert "text" == await asking(Probe, link).echo("text")
                await until_connected(link, 2)

    async def test_several_that_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Connections spread over all of them."""
        servers = [LinkServer({NAME: served(Workshop, Worker())}) for _ in range(2)]
        async with AsyncExitStack() as stack:
            found = [await stack.enter_async_context(over_tcp(server)) for server in servers]
            link = Link("workshop", dials([named(monkeypatch, *found)] * 10), GREETING)
            link.connect()
            await until_connected(link, 20)
            assert all(len(server.connections) > 1 for server in servers)
            await link.close()


@asynccontextmanager
async def over_tcp(server: LinkServer) -> AsyncIterator[tuple[str, int]]:
    """Lets a server listen on a port."""
    async with await asyncio.get_running_loop().create_server(lambda: Door(server, VERSIONS), "127.0.0.1", 0) as door:
        yield door.sockets[0].getsockname()


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found: int = listener.getsockname()[1]
        return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@asynccontextmanager
async def behind_tls(port: int, certificate: tuple[Path, Path]) -> AsyncIterator[str]:
    """Puts TLS in front of a port, as an ingress does; gives the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert "http/1.1" == writer.get_extra_info("ssl_object").selected_alpn_protocol()
        behind = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, behind[1]), pass_on(behind[0], writer))

    listener = await asyncio.start_server(relay, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://localhost:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Writes what is read until that ends."""
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.skipif(shutil.which("openssl") is None and "CI" not in os.environ, reason="openssl makes the certificate")
class TestTls:
    """Through something that ends TLS in front of the process."""

    async def test_a_certificate_that_is_trusted(
        self, port: int, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By what ``SSL_CERT_FILE`` names; calls in both directions, also long ones."""
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        async with behind_tls(port, certificate) as address, linked(address) as link:
            text = "x" * 500_000
            assert text == await asking(Probe, link).echo(text)
            await until_connected(link, 2)

    async def test_a_certificate_that_is_not(
        self,
        port: int,
        certificate: tuple[Path, Path],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The peer is away, and the log says why."""
        monkeypatch.setattr(endpoint, "PATIENCE", 0.3)
        async with behind_tls(port, certificate) as address, linked(address) as link:
            link.connect()
            async with asyncio.timeout(20):
                while "certificate verify failed" not in caplog.text:
                    await asyncio.sleep(0.005)
            assert ("away", {}) == link.state()
            assert "a connection to probe is missing" in caplog.text
