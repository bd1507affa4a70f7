"""What the user asked for, and what the Supervisor and the system add to it."""
