"""The one error that this package raises for bad input."""


class ExiError(ValueError):
    """A document that cannot be read, or a message that cannot be written.

    The text is one sentence that names the message, the element and, when reading, the bit position.
    """
