"""How long is waited between attempts."""

from fissile.transports.pauses import pause_after


def test_pauses_grow_up_to_the_longest() -> None:
    """Also after as many failures as a peer makes that is away for weeks."""
    for failures, longest in [(0, 0.02), (1, 0.04), (3, 0.16), (50, 1.0), (10_000_000, 1.0)]:
        drawn = [pause_after(failures, 0.02, 1.0) for _ in range(1_000)]
        assert 0 <= min(drawn) < longest / 10
        assert 0.9 * longest < max(drawn) <= longest
