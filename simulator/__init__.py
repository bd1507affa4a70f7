"""Simulated electricity meters: the layers of the program, walked backwards.

Values become an A-XDR body (`bodies`, `axdr`, `clock`) or text (`text`), the body is ciphered
(`ciphering`) and framed (`links`), as each family of meters does it: what is in their lists and in
which shape are data (`lists`, `layouts`, `families`), from which a meter is built (`meters`). The
values come from a household that lives and moves (`household`), and the bytes go onto a line
(`wires`).

Nothing here is imported from the program and the program imports nothing from here: what one
side writes and the other reads are two implementations of the same standards, so that a
misreading of the standard shows up as a failing test. Keys, names and serial numbers are made up.
"""
