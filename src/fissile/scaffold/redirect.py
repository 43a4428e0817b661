"""The route that leads from the old URLs of a component to the new ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import count

from .source.edits import Edit, Written

_REDIRECT = '''


@{app}.api_route(
    "{old}",
    methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
    include_in_schema=False,
)
@{app}.api_route(
    "{old}/{{rest:path}}",
    methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
    include_in_schema=False,
)
async def {function}(request: {request}) -> {response}:
    """Leads from the old URLs to the new ones; 308 keeps the method and the body."""
    path = (request.scope.get("raw_path") or b"").decode("latin-1")  # as it was sent: %2F is no slash
    if "{old}" not in path:
        path = {quote}(request.scope["path"])
    path = path.replace("{old}", "{new}", 1)
    query = f"?{{request.url.query}}" if request.url.query else ""
    return {response}(path + query, status_code=308)'''

_STANDARD = (("urllib.parse", "quote"),)
_OTHERS = (("fastapi", "Request"), ("fastapi.responses", "RedirectResponse"))


def redirected(file: Written, app: str, name: str, old: str, new: str) -> Iterator[Edit]:
    """Writes a route into a file that redirects everything below one prefix to another.

    Args:
        file: The file of the application.
        app: The name of the application in it.
        name: What the URLs are called in the name of the function.
        old: The prefix now.
        new: The prefix afterwards.
    """
    text = file.text
    imports = {needed: _imported(text, *needed) for needed in (*_STANDARD, *_OTHERS)}
    names = dict(zip(("quote", "request", "response"), (called for called, _ in imports.values()), strict=True))
    function = next(free for free in _names(name) if not re.search(rf"\b{free}\b", text))
    route = _REDIRECT.format(app=app, old=old, new=new, function=function, **names)
    start = len(text[: _end_of_routes(text)].rstrip())
    yield Edit(start, start, (route if text[start:] else f"{route}\n").replace("\n", file.newline))
    for needed, is_standard in ((_STANDARD, True), (_OTHERS, False)):
        lines = "".join(f"{line}\n" for each in needed if (line := imports[each][1]))
        place, is_first = _place_of_import(text, is_standard=is_standard)
        gap = "\n" if is_standard and lines and is_first else ""
        yield Edit(place, place, (lines + gap).replace("\n", file.newline))


def _names(name: str) -> Iterator[str]:
    yield f"moved_{name}"
    yield from (f"moved_{name}_{number}" for number in count(2))


def _imported(text: str, source: str, name: str) -> tuple[str, str]:
    """What a name is called in a file, and the line that imports it where it is not there yet."""
    there = rf"^from (?:{re.escape(source)}|starlette[\w.]*) import [^\n#]*(?<!\w){name}(?! as|\w)"
    if re.search(there, text, re.MULTILINE):
        return name, ""
    taken = bool(re.search(rf"(?<![\w.]){name}\b", text))
    return (f"{name}_", f"from {source} import {name} as {name}_") if taken else (name, f"from {source} import {name}")


def _place_of_import(text: str, *, is_standard: bool) -> tuple[int, bool]:
    """Before the first import, or the first one that is not of the standard library; and whether it is such a one."""
    for found in re.finditer(r"^(?:from|import) +(?P<root>\w+)", text, re.MULTILINE):
        of_standard = found["root"] in sys.stdlib_module_names
        if found["root"] != "__future__" and (is_standard or not of_standard):
            return found.start(), not of_standard
    return len(text), False


def _end_of_routes(text: str) -> int:
    """At the end, or before what is done only when the module is started."""
    found = re.search(r"^if __name__ ==", text, re.MULTILINE)
    return found.start() if found else len(text)
