"""A state without a file."""

from pathlib import Path

from app.state import State


class Memory(State):
    """A state that nothing is left of."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere/state.json"))

    def _write(self) -> None:
        pass
