"""Trials that measure what the project promises; each prints the figures that are told of it."""
