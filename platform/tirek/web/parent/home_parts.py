"""What the rooms of a parent's account show on the first page: each gives one part of its own.

A room adds its part beside its views, and puts its words into `parent/home/<room>.html`:

    @home_part("talks", place=50)
    def _on_home() -> dict[str, object] | None:
        return {"coming": talks.coming(unit())}      # in the template: {{ part.coming }}

`None` leaves the part out. A part is a few `<li>` of a task list or a short section with an `h2`;
`parent/home/task.html` has the row with its status in words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Provider = Callable[[], Mapping[str, object] | None]


@dataclass(frozen=True, slots=True)
class HomePart:
    """One room's part: where it stands, and what gives its facts."""

    place: int
    room: str
    load: Provider


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part with its facts, ready for its template."""

    room: str
    facts: Mapping[str, object]

    @property
    def template(self) -> str:
        """The words of this part."""
        return f"parent/home/{self.room}.html"


_PARTS: dict[str, HomePart] = {}


def home_part(room: str, *, place: int) -> Callable[[Provider], Provider]:
    """Let a function give the facts of a room's part; smaller places stand first."""

    def keep(provider: Provider) -> Provider:
        _PARTS[room] = HomePart(place, room, provider)
        return provider

    return keep


def shown_parts() -> list[ShownPart]:
    """Every part that has something to say to this parent now, in order."""
    ordered = sorted(_PARTS.values(), key=lambda part: (part.place, part.room))
    loaded = ((part.room, part.load()) for part in ordered)
    return [ShownPart(room, facts) for room, facts in loaded if facts is not None]
