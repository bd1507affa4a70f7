"""The commands that make recordings of a line and play them."""
