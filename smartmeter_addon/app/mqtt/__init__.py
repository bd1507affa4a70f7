"""Readings to messages: topics, what Home Assistant is told about a meter, the broker."""
