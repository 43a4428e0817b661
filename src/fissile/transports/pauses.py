"""Pauses between attempts.

Each is longer and drawn at random, so that those who failed together do not come back together ("full jitter" in Marc
Brooker, "Exponential Backoff And Jitter").
"""

from __future__ import annotations

import random

DOUBLINGS = 16
"""After so many the longest pause is reached, whatever the first one is."""


def pause_after(failures: int, first: float, longest: float) -> float:
    """Seconds to wait before the next attempt.

    Args:
        failures: How many attempts failed before the last one.
        first: Seconds below which the first pause is drawn; it doubles with every failure.
        longest: Seconds that no pause is longer than.
    """
    return random.uniform(0, min(longest, first * 2 ** min(failures, DOUBLINGS)))
