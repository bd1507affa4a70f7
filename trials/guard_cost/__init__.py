"""Measures what guard and derived values cost per telegram, of this tree and an earlier commit.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.guard_cost
    PYTHONPATH=smartmeter_addon:. python3 -m trials.guard_cost --from c502c88 --slices 200

The earlier program is taken out of git. Each program runs in a process of its own and decodes the
same telegrams of a simulated household beforehand, so that only these are timed:

- the guard, which judges each telegram;
- the derived values: the signed power, made when a telegram is read, and the values that are added
  when a reading is published.

The two processes take turns, slice by slice of the stream of telegrams, and only one is busy at a
time. The time is the processor's for the process. The table gives the least and the median of all
slices in microseconds a telegram. Its first ratio is that of the least times, its second the median
of the ratios of slices with the same telegrams.
"""
