"""Recordings that do not say whose meter they are of.

Numbers, names and texts of telegrams are replaced by made-up ones of the same length, and checksums
and ciphers made anew. What is not understood is left out.
"""

from app.anonymous.anonymiser import AUTH_KEY, KEY, Anonymised, Anonymiser

__all__ = ["AUTH_KEY", "KEY", "Anonymised", "Anonymiser"]
