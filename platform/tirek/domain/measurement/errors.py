"""What stops a measurement."""


class UnmeasurableError(ValueError):
    """The data cannot bear this figure; the message is a sentence that names what is in the way."""
