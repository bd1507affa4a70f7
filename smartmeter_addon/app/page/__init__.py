"""A page that shows each line from bytes to outputs, and what its meters say; read-only."""
