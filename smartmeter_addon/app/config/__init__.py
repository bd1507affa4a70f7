"""What the user asked for, and what the Supervisor and the machine say."""
