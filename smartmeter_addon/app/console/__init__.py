"""Readings as lines on standard output, for people and for other programs."""
