"""The command ``forward``: what comes over a meter's line is pushed to the engine, without keys.

- `cutter` cuts the bytes of a line into messages.
- `spool` keeps messages on disk while the engine is away.
- `sender` pushes the messages of one line, one after the other.
- `options` is what the user gives, `run` wires it all.
"""
