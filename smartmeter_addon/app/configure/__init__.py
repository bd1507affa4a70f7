"""The command ``configure``: asks for the options, tries them, and writes them at the end."""
