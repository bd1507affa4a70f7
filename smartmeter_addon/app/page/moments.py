"""Moments as JavaScript reads them."""

from datetime import UTC, datetime


def iso(seconds: float) -> str:
    """Give a moment in seconds since 1970 by ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat("T", "milliseconds")
