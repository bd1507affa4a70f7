"""Decides which telegrams are accepted, by what their sender sent before."""

from app.plausibility.guard import Guard, Verdict

__all__ = ["Guard", "Verdict"]
