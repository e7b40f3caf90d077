"""The exceptions that a person is meant to read."""


class UserError(Exception):
    """A mistake that the user can mend: its text is one sentence, shown without a traceback."""


class UsageError(UserError):
    """Words on the command line that do not go together: exit status 2, as for an unknown option."""
