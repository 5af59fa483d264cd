"""How a gateway says that a message was not taken; no text names an address or any content."""


class GatewayError(Exception):
    """The message was not taken this time; the same words may be taken in a moment."""


class RefusedError(GatewayError):
    """It was not taken and will not be: a wrong number, address or key. A person must look."""


class OutcomeUnknownError(GatewayError):
    """It may have been taken: the answer was lost, or cannot be read."""
