"""One process that runs several times."""

from httpx2 import Client

from .works import Works, until

PLACEMENTS = '[apart]\nall = { components = ["suppliers", "orders", "reviews"], workers = 2 }\n'


def test_workers_of_a_placement_with_one_process(works: Works) -> None:
    """Are watched over, and have the gateway in front of them, as those of several processes."""
    works.write({"bolts/placements.toml": PLACEMENTS})
    _, url = works.apart()
    pids = works.pids()
    assert {"all.1", "all.2", "gateway", "supervisor"} == set(pids)
    answered = set()

    def both_have_answered() -> bool:
        answered.add(client.get("/orders/pid").json())
        return answered >= {pids["all.1"], pids["all.2"]}

    with Client(base_url=url, timeout=60) as client:
        until(both_have_answered, "an answer of each, once Envoy has seen it live")
    assert "restarted all.1, all.2\n" == works.run("restart", "all").err
