"""Trials that measure what the project promises. Each prints the figures that documents name."""
