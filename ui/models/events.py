"""What the Events page shows."""

from typing import TYPE_CHECKING

from ui.i18n import tr

if TYPE_CHECKING:
    from app.api import schema as s


def opt_out_question(event: "s.EventOut") -> str:
    """What happens when one opts out, said before it is done."""
    return event.opt_out_consequence or tr("Your home will not take part in this event.")
