"""Chunks of bytes in, checked and joined frames out; the link layer is found by looking."""

from app.link.frame import Frame
from app.link.scanner import Scanner

__all__ = ["Frame", "Scanner"]
