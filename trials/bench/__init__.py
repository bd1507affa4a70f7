"""Measures what a telegram costs, beside the program's earlier self and beside other programs.

    script/bench peers      bytes to readings, in process, and the command decode
    script/bench program    the whole running program: processor, memory, start
    script/bench stages     where the time of a telegram goes in it
    script/bench many       the whole running program with many meters
    script/bench floor      what Python and the packages take by themselves

`--help` of each tells its options. Everything that is compared is measured in one run, in turns,
round after round, each in a process of its own. So what else the machine does disturbs all alike,
and the ratios hold where the microseconds do not. A figure is the median of the rounds, a ratio the
median of the ratios of each round. Times are the processor's, not the clock's.

All telegrams of a list are different: values, clock and counters move as a household lives.
BENCHMARKS.md has the results.
"""
