"""One of a few words, as an option takes it."""

from __future__ import annotations

from collections.abc import Iterable

import typer


def one_of(said: str, known: Iterable[str], option: str = "") -> str:
    """Gives what was said when it is one of the words.

    Args:
        said: What was typed.
        known: The words.
        option: The option that takes them; in the callback of an option typer knows which it is.

    Raises:
        typer.BadParameter: It is none of them; the nearest is named.
    """
    from ..project import nearest

    words = list(known)
    if said in words:
        return said
    close = nearest(said, words)
    what = f"{said!r} is none of {', '.join(words)}" if len(words) > 1 else f"{said!r} is not {words[0]}"
    advice = f"; did you mean {close}?" if close else ""
    raise typer.BadParameter(what + advice, param_hint=f"'{option}'" if option else None)
