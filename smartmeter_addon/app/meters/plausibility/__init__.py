"""Whether a telegram can be believed, judged by what its sender said before."""

from app.meters.plausibility.guard import Guard, Verdict

__all__ = ["Guard", "Verdict"]
