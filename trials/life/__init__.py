"""The trial of life: what happens to meters, lines and hosts, and what is published meanwhile.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.life [--family X] [--event Y] [--processes N]
    PYTHONPATH=smartmeter_addon:. python3 -m trials.life --without jump --event load

Every event is tried on every list of the simulator to which it can happen. A simulated meter with
a household behind it pushes telegrams through decoder and guard; the scenario knows what the meter
really measured, and three things are asked of what is published:

- Is anything published that is not true? True is what the meter measured, in the unit in which it
  measured it: a count that a reader takes for ten times as much is wrong, and so is the false
  report of a gas meter, although the telegram says it.
- What is withheld, and for how long? Counted are good telegrams of one list in a row of which not
  everything is published; for lists that come once an hour these, for a gas meter its reports.
- Is everything that is right published again in the end?

Goals: nothing wrong; at most two telegrams of a list withheld in a row, three where a scenario
breaks a law that the meter's values kept so far; nothing for good.

`subjects` says what is tried: lists of a meter. `sender` is such a meter, `life` its line on which
things happen, `judge` compares. `events` holds the scenarios, each a function whose docstring tells
the story; `event` collects them, `trial` runs them.
"""
