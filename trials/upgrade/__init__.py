"""An earlier version runs and stops, this one starts on its options and state: what has changed.

    PYTHONPATH=smartmeter_addon:. python3 -m trials.upgrade
    PYTHONPATH=smartmeter_addon:. python3 -m trials.upgrade --from c502c88 --only layout
    PYTHONPATH=smartmeter_addon:. python3 -m trials.upgrade --every-list

The earlier program is taken out of git. Both run as processes of their own, between a real
Mosquitto and simulated meters on pseudo terminals and TCP, and a second client sees all that is
published. Each scenario has five starts:

1. the earlier program, with no state file;
2. the earlier program again, as a control: what would be published without the upgrade;
3. this program, with the options, state file and telegrams that the control had;
4. this program again, with the state file that it has written;
5. the earlier program with that state file. Whether it goes on, begins anew or fails is told, and
   decides nothing.

In each start but the first, the meters have pushed telegrams that no program read. The first bytes
that the program reads are the end of a telegram. Then an old telegram is replayed, which only a
program rejects that has read its state file. Each telegram that follows has to be published.

`python3 -m trials.upgrade.core` plays the upgrade beside a real Home Assistant.
"""
