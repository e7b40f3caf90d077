"""The one exception that a person is meant to read."""


class UserError(Exception):
    """A mistake that the user can mend: its text is one sentence, shown without a traceback."""
