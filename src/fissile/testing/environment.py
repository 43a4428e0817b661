"""The environment of an application under test."""

from __future__ import annotations

from collections.abc import Mapping

from ..project import URL_FOR_ALL


def without_databases(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what says where databases are: tests have their own."""
    return {
        name: value
        for name, value in environment.items()
        if name != URL_FOR_ALL and not name.endswith("__DATABASE_URL")
    }
