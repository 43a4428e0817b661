"""The rules of notes, in plain Python: nothing here knows of databases or HTTP."""

from dataclasses import dataclass, field


@dataclass(eq=False, kw_only=True)
class Note:
    """One of the notes; the id is the database's to give."""

    id: int = field(init=False)
    #: call each()
    text: str
    #: endcall
