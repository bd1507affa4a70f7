"""Reads a smart meter's customer interface and publishes its readings to Home Assistant."""

__version__ = "0.1.0"
