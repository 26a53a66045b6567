"""The two ways in which work ends early: a mistake that can be put right, and a wish to stop."""


class StudioError(Exception):
    """A mistake that the person can put right.

    The message is one sentence that names the value, what was expected and what to do. The command line prints it and exits
    with 2; the studio shows it in the page.
    """


class Cancelled(Exception):
    """The person asked running work to stop; nothing half-written stays behind."""
