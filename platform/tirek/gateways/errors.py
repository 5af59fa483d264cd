"""How a gateway says that a message was not taken; no text names an address or any content."""


class GatewayError(Exception):
    """The message was not taken this time; the same words may be taken in a moment."""


class RefusedError(GatewayError):
    """It was not taken and will not be: a wrong number, address or key. A person must look."""

    def __init__(self, message: str, status: int | None = None) -> None:
        """Keep the status, where a server gave one: it tells what was wrong."""
        super().__init__(message)
        self.status = status


class OutcomeUnknownError(GatewayError):
    """It may have been taken: the answer was lost, or cannot be read."""
