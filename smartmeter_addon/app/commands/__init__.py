"""The commands: what each takes from its arguments, and what it wires together.

Each is a module with two functions, `add_arguments` and `main`; ``cli`` has their table. Only the
module of the command that is given is loaded, as a Raspberry Pi takes long to load them all.
"""
