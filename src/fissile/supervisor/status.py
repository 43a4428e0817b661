"""What runs where, since when, and how it is, as plain data."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fissile.project import Process

from .plan import Plan
from .worker import Worker

NAMED = 5
"""Processes that are named on the line that says which are not ready."""


def status(plan: Plan, since: datetime, workers: Sequence[Worker], gateway: Worker | None) -> dict[str, Any]:
    """How everything is.

    Args:
        plan: What is run.
        since: When the supervisor was started.
        workers: The processes.
        gateway: What stands in front of them.
    """
    return {
        "placement": plan.placement.name,
        "pid": os.getpid(),
        "since": _time(since),
        "address": plan.url,
        "processes": [_process(process, workers) for process in plan.placement.processes],
        "gateway": None if gateway is None else _worker(gateway),
    }


def progress(workers: Sequence[Worker], others: Sequence[str] = ()) -> str:
    """Say on one line how many are ready, and some of those that are not, why as far as they said; empty if all are.

    Args:
        workers: All processes, the gateway included.
        others: What else is waited for.
    """
    found = [worker for worker in workers if worker.state != "ready"]
    found.sort(key=lambda worker: worker.state == "starting")  # those that say why come first
    waiting = [*(f"{worker.name or worker.process} ({_why(worker)})" for worker in found), *others]
    if not waiting:
        return ""
    named = "; ".join(waiting[:NAMED]) + (f"; and {len(waiting) - NAMED} more" if len(waiting) > NAMED else "")
    return f"{len(workers) - len(found)} of {len(workers)} processes are ready, not ready yet: {named}"


def _why(worker: Worker) -> str:
    missing = worker.child.missing() if worker.child is not None and worker.state == "not ready" else []
    return ", ".join(missing) or worker.state


def _process(process: Process, workers: Sequence[Worker]) -> dict[str, Any]:
    found = [_worker(worker) for worker in workers if worker.process == process.name]
    states = {worker["state"] for worker in found}
    state = "elsewhere" if process.address else states.pop() if len(states) == 1 else "not ready"
    return {
        "name": process.name,
        "components": list(process.components),
        "address": process.address,
        "state": state,
        "workers": found,
    }


def _worker(worker: Worker) -> dict[str, Any]:
    child = worker.child
    said: Mapping[str, Any] = child.said if child is not None else {}
    return {
        "name": worker.name or worker.process,
        "state": worker.state,
        "since": _time(worker.since),
        "pid": child.pid if child is not None else None,
        "restarts": worker.restarts,
        "failures": worker.failures,
        "last_code": worker.last_code,
        "components": said.get("components", {}),
        "links": said.get("links", {}),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")
