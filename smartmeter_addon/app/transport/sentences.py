"""What becomes of a line, in sentences, for the commands that a person watches."""

from app.language.catalogue import Text
from app.transport.events import Event, GatewaySaid, GaveUp, Lost, OnlyAdapter, Opened, SpeaksTelnet


class Sentences:
    """Gives a sentence for each event; why a line cannot be opened, once for all attempts."""

    def __init__(self) -> None:
        self._reason: Text | None = None  # why the last attempt failed

    def about(self, event: Event) -> str | None:
        """Return the sentence about an event; None when there is nothing new to say."""
        match event:
            case Lost(_, reason):
                if reason == self._reason:
                    return None
                self._reason = reason
                return f"{reason} (it is tried again until that works; Ctrl-C ends)"
            case Opened(line):
                self._reason = None
                return f"reading {line}; Ctrl-C ends"
            case OnlyAdapter(path):
                return f"reading the only serial adapter, {path}"
            case GaveUp() | SpeaksTelnet() | GatewaySaid():
                return str(event)
            case _:
                return None
