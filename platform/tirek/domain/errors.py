"""The three ways in which a request can be wrong; `web.errors` gives each its page."""


class DomainError(Exception):
    """What was asked for breaks a rule; nothing was changed."""


class NotFoundError(DomainError):
    """There is no such thing, or it is not for this person: both look the same from outside."""

    def __init__(self, entity: str, entity_id: object) -> None:
        """Remember what was asked for, so that the refusal can be audited."""
        super().__init__(f"no {entity} {entity_id}")
        self.entity = entity
        self.entity_id = str(entity_id)


class ConflictError(DomainError):
    """Somebody or something else was first; `winner` names the person, where there is one."""

    def __init__(self, message: str, winner: str | None = None) -> None:
        """Keep the name of the person who was first."""
        super().__init__(message)
        self.winner = winner
