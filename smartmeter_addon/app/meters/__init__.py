"""What a household calls it: profiles of meters, readings, identity."""
