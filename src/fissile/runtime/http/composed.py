"""The OpenAPI document of an application that runs as several processes, none of which can describe all of it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from starlette.exceptions import HTTPException

from fissile.errors import ConfigurationError, Fault, shown
from fissile.generate.openapi import OPENAPI, Document
from fissile.runtime.http.problems import RETRY_AFTER

PACKAGED = "openapi.json"
"""The file beside ``main.py`` that ``fissile openapi --output`` has written."""


class ComposedDocument:
    """The document as somebody else has composed it, read again whenever its file is another one.

    Attributes:
        is_packaged: Whether the document that was found is the packaged one, which has gone through ``app.openapi``.
    """

    def __init__(self) -> None:
        self._version: tuple[object, ...] = ()
        self._document: Document = {}
        self.is_packaged = False

    def find(self, package: Path) -> Document | None:
        """The document of the supervisor, else the packaged one.

        Args:
            package: The folder of the application's package.

        Returns:
            The document; None where nobody composes one and none is packaged.

        Raises:
            HTTPException: 503, somebody composes one and is not done yet.
            ConfigurationError: The file is no JSON object.
        """
        promised = os.environ.get(OPENAPI)
        if promised and self._version[:1] == (Path(promised),) and not Path(promised).exists():
            return self._document  # it was removed, and is written again
        for file in [*([Path(promised)] if promised else []), package / PACKAGED]:
            with suppress(FileNotFoundError):
                document = self._read(file)
                self.is_packaged = file.name == PACKAGED and file.parent == package
                return document
        if promised:
            detail = "The processes of the application have not described themselves yet."
            raise HTTPException(503, detail, headers={"Retry-After": str(RETRY_AFTER)})
        return None

    def _read(self, file: Path) -> Document:
        status = file.stat()
        version = (file, status.st_ino, status.st_mtime_ns, status.st_size)
        if version != self._version:
            self._document = _parsed(file)
            self._version = version
        return self._document


def _parsed(file: Path) -> Document:
    try:
        document = json.loads(file.read_bytes())
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document
    fix = f"fissile openapi --output {shown(file)}"
    raise ConfigurationError(Fault("this is no OpenAPI document", shown(file), "it is served as it is", fix))
