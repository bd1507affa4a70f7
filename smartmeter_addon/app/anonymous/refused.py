"""What cannot be made anonymous."""


class RefusedError(Exception):
    """A message is left out; the text goes on from "left out: "."""
