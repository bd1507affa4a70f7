"""What one register of a telegram says."""

from datetime import datetime
from typing import NamedTuple

from app.cosem.unit import Number


class Register(NamedTuple):
    """An exact number or a text, the unit ("" for none), and since when, if that is said."""

    value: Number | str | bool
    unit: str
    at: datetime | None = None
