"""How modules are loaded."""
