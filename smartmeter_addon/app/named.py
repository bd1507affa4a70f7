"""Named tuples, of which each telegram needs a few."""

from typing import Final

new: Final = tuple.__new__
"""Makes a named tuple of its class and of one tuple with all its fields.

Where the class is called, a function in Python does so, which takes twice as long.
"""
