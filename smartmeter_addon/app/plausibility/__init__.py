"""Whether a telegram can be believed, judged by what its sender said before."""

from app.plausibility.guard import Guard, Verdict

__all__ = ["Guard", "Verdict"]
