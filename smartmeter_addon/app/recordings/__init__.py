"""The commands that make recordings of a line, play them, and show what they say."""
