"""Keys, invocation counters, tags."""

from dataclasses import replace

from app.dlms.ciphering import Keys
from simulator.ciphering import AUTH_KEY
from trials.life.event import both, ciphered, event
from trials.life.judge import Duty
from trials.life.life import Life
from trials.life.subjects import Facts

_NEW_KEY = bytes(range(0x40, 0x50))


def _tagged(facts: Facts) -> bool:
    return facts.tagged


@event(ciphered)
def key_changed(life: Life) -> None:
    """The operator changes the key, with which the invocation counter begins anew.

    Until the user enters the new key nothing can be read.
    """
    for meter in life.meter.lists:
        assert meter.ciphering
        meter.ciphering = replace(meter.ciphering, key=_NEW_KEY)
        meter.invocation_counter = 1
    life.duty = Duty.MAY
    life.push(20)
    life.duty = Duty.PUBLISH
    life.restart(keys=Keys(_NEW_KEY, AUTH_KEY if life.subject.verified else None))


@event(ciphered)
def system_title_changes(life: Life) -> None:
    """The module that ciphers is replaced: another system title, the same meter and counters."""
    life.power_failure(minutes=20)
    for meter in life.meter.lists:
        title = meter.identity.system_title
        meter.identity = replace(meter.identity, system_title=title[:-1] + b"\x42")
        meter.invocation_counter = 1


@event(ciphered)
def invocation_counter_begins_anew(life: Life) -> None:
    """After a power failure the invocation counter begins anew; the clock goes on."""
    life.power_failure(minutes=3)
    for meter in life.meter.lists:
        meter.invocation_counter = 1


@event(ciphered)
def invocation_counter_leaps_ahead(life: Life) -> None:
    """After a power failure the invocation counter goes on 65,536 higher, to be unused."""
    life.power_failure(minutes=3)
    for meter in life.meter.lists:
        meter.invocation_counter += 65_536


@event(ciphered)
def invocation_counter_stands_still(life: Life) -> None:
    """The invocation counter no longer counts; clock and values go on."""
    for _ in range(60):
        life.push()
        for meter in life.meter.lists:
            meter.invocation_counter -= 1


@event(both(ciphered, lambda facts: not facts.tagged))
def tags_are_sent_from_now_on(life: Life) -> None:
    """A firmware sends tags, which none before did."""
    for meter in life.meter.lists:
        assert meter.ciphering
        meter.ciphering = replace(meter.ciphering, authenticated=True)


@event(ciphered)
def security_suite_changes(life: Life) -> None:
    """A firmware says another security suite and ciphers as before."""
    for meter in life.meter.lists:
        assert meter.ciphering
        meter.ciphering = replace(meter.ciphering, suite=1 - meter.ciphering.suite)
