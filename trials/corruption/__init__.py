"""Counts damaged telegrams that are published with a wrong value: the corruption trial.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.corruption --telegrams 1000000
    PYTHONPATH=smartmeter_addon:. python3 -m trials.corruption --question "bytes at 1 %"

Simulated meters of simulated households push telegrams, some of which are damaged. What decoder and
guard accept is compared with what the same telegram says undamaged. These are the questions:

- ``established``: telegrams of a meter that was read before, also over restarts of the program; two
  in five are damaged;
- ``first``: the first telegram of a meter that was never read before;
- ``clean``: good telegrams that are not accepted when none is damaged;
- ``row of 30``, ``row of 300``: telegrams that are all damaged, between good ones;
- ``bytes at 0.5 %``, ``bytes at 1 %``, ``bytes at 2 %``: 1500 telegrams each byte of which is
  damaged with this probability, between good ones;
- ``bytes of the telegram before``, ``stuck bits``, ``segment of the telegram before``: as
  ``established``, with damage of this kind only.

Checksums are repaired after the damage in some of the sessions, but not where each byte may be
damaged or bits are stuck. All but ``first`` and ``clean`` are told by what protects the telegrams.

The exit status is 1 when a goal is missed: `report` tells the goals of each question.
"""
