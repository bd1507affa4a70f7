"""Decides which telegrams are accepted.

Evidence
    How far a telegram is trusted follows from what protects it (`evidence`): a verified tag, a
    checksum of 16 bits, a sum of 8 bits or checksums that cover parts only, nothing. The table of
    checks (`checks`) says up to which evidence each is made. A verified tag leaves four: that the
    telegram is new, whose it is, that its values can be, and that energies keep their unit.

Past
    A telegram follows from those before it when it fails no check against the last value of each
    reading (`track`) and what was learned of its sender (`known`). Then it is accepted.

Confirmation
    One that does not follow is pending. It is confirmed only by new information: later telegrams of
    the same list, which say its values anew and go on from them (`pending`). Telegrams of another
    list neither confirm nor contradict it; an accepted one of the same list contradicts it. Reports
    of submeters are judged one by one (`reports`): one that goes on from the last one has to be
    said twice, any other one is confirmed by newer reports only.

Relaxation
    A check that is not right for a meter fails again and again, and hardly any other does, while
    damage fails many. Such a check is widened or given up for that sender (`Sender`). What tells
    senders apart, what was sent before, what falls and what cannot be is never relaxed. The size of
    the connection is another thing: it is learned from loads that are confirmed.

Withholding
    Values that cannot be, and energies in another unit, are never confirmed. Their telegrams are
    accepted without them (`withheld`). What is withheld for longer than two of its own push
    intervals is told with each telegram.

The usual telegram goes on from the one before in the usual way, which is decided at once (`usual`).
What is learned is kept over a restart (`memory`).
"""

from app.plausibility.guard import Guard

__all__ = ["Guard"]
