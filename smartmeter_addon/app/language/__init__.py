"""What the program says to a household, in the household's language."""
