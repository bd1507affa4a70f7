"""Texts that change: versions, messages, counts of failures, peaks."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from simulator.axdr import Node
from simulator.lists import Constant, Item, Layout, Line
from tests.support.repair import repair
from trials.life.event import Applies, both, event, text
from trials.life.life import Change, Life

_VERSIONS = {"1-3:0.2.8", "0-0:96.1.4", "1-1:0.2.129", "1-0:0.2.129"}
_MESSAGE = "0-0:96.13.0"
_FAILURES = {"0-0:96.7.21", "1-0:32.32.0", "1-0:32.36.0"}
_PEAK = "1-0:1.6.0"
_NUMBER = re.compile(r"\(([\d.]+)\*")


def _has(*codes: str) -> Applies:
    return lambda facts: bool(facts.registers & set(codes))


def _counted_up(digits: re.Match[str]) -> str:
    return f"{int(digits[0]) + 1:0{len(digits[0])}}"


def _next_version(item: Item) -> Iterable[Item]:
    if isinstance(item, Line) and item.obis in _VERSIONS:
        return (replace(item, fields=re.sub(r"\d+", _counted_up, item.fields)),)
    if isinstance(item, Constant) and item.obis in _VERSIONS and isinstance(item.node.value, str):
        value = re.sub(r"\d+$", _counted_up, item.node.value)
        return (replace(item, node=Node(item.node.type, value)),)
    if isinstance(item, Constant) and item.obis in _VERSIONS and isinstance(item.node.value, bytes):
        value = re.sub(r"\d+$", _counted_up, item.node.value.decode())
        return (replace(item, node=Node(item.node.type, value.encode())),)
    return (item,)


@event(_has(*_VERSIONS))
def version_changes(life: Life) -> None:
    """A firmware says another version of its list or of P1."""
    life.rewrite(_next_version)


@event(text)
def identification_changes(life: Life) -> None:
    """A firmware says another version behind the model in the first line of its text."""

    def change(layout: Layout) -> Layout:
        model, version, number = layout.identification.rpartition(" V")
        said = f"{model}{version}{number[:-1]}9" if version else f"{number} V2"
        return replace(layout, identification=said)

    life.relayout(change)


def _lines(fields: dict[str, str]) -> Change:
    def change(item: Item) -> Iterable[Item]:
        if isinstance(item, Line) and item.obis in fields:
            text = fields[item.obis]
            number = _NUMBER.search(text) if item.unit else None
            return (replace(item, fields=text, said=number and Decimal(number[1])),)
        return (item,)

    return change


@event(lambda facts: facts.text and _MESSAGE in facts.registers)
def message_comes_and_goes(life: Life) -> None:
    """The operator shows a message for a while."""
    life.rewrite(_lines({_MESSAGE: f"({b'Maintenance on Tuesday from 8 to 12'.hex().upper()})"}))
    life.push(60)
    life.rewrite(_lines({_MESSAGE: "()"}))


@event(_has(*_FAILURES))
def failures_are_counted(life: Life) -> None:
    """Short power failures and sags are counted again and again, and go up in the telegram."""
    for turn in range(8):
        life.rewrite(_lines(dict.fromkeys(_FAILURES, f"({20 + turn:05})")))
        life.push(12)


@event(_has(_PEAK))
def peak_of_the_month_goes_up(life: Life) -> None:
    """The mean power of the quarter hour changes in each telegram, and the month has a new peak."""
    for turn in range(60):
        fields = {"1-0:1.4.0": f"(0{2 + turn / 100:.3f}*kW)"}
        if turn >= 30:  # noqa: PLR2004 - from the middle on
            fields[_PEAK] = f"(260621110000S)(0{2.6 + turn / 100:.3f}*kW)"
        life.rewrite(_lines(fields))
        life.push()


@event(_has(_PEAK))
def peak_begins_anew_with_the_month(life: Life) -> None:
    """The month's peak and the mean power of the quarter hour begin anew."""
    for peak in ("(260701001500S)(00.142*kW)", "(260701003000S)(00.305*kW)"):
        life.rewrite(_lines({"1-0:1.4.0": "(00.012*kW)", _PEAK: peak}))
        life.push(20)
        life.rewrite(_lines({"1-0:1.4.0": "(00.305*kW)"}))
        life.push(20)


@event(_has(_PEAK))
def month_begins_while_a_car_charges(life: Life) -> None:
    """Mean and peak are 11 kW at the end of a month. Both fall to nothing, and rise again."""
    for peak in (2.589, 11, 0, 11):  # in one quarter of an hour after the other
        for mean in (0.012, 3, 6, 9, 11):
            stamped = f"(260701001500S)({peak:06.3f}*kW)"
            life.rewrite(_lines({"1-0:1.4.0": f"({mean:06.3f}*kW)", _PEAK: stamped}))
            life.push(4)


@event(_has("0-0:96.3.10"))
def switch_is_thrown(life: Life) -> None:
    """The meter's switch is thrown for a while, and the text says so."""

    def thrown(state: int) -> Change:
        def change(item: Item) -> Iterable[Item]:
            if isinstance(item, Line) and item.obis == "0-0:96.3.10":
                return (replace(item, fields=f"({state})"),)
            if isinstance(item, Constant) and item.obis == "0-0:96.3.10":
                value = bool(state) if isinstance(item.node.value, bool) else state
                return (replace(item, node=Node(item.node.type, value)),)
            return (item,)

        return change

    life.rewrite(thrown(0))
    life.push(30)
    life.rewrite(thrown(1))


_DECIMALS = re.compile(rb"(?<=\()\d+\.\d+(?=\*)")


@event(text)
def zeros_at_the_end_are_left_out(life: Life) -> None:
    """A program that stands for a meter leaves out zeros behind the decimal point.

    So decimals depend on the numbers. It is read for the first time, until 60 telegrams came.
    """
    life.restart({})
    life.judge.counting = False
    for n in range(90):
        life.judge.counting = n >= 60  # noqa: PLR2004
        data, said = life.next()
        short = _DECIMALS.sub(lambda number: number[0].rstrip(b"0").rstrip(b"."), data)
        life.deliver(repair(short), said)


_SUBMETER = re.compile(rb"0-\d:96\.1\.[01](\.255)?\(.*?\)\r\n")


@event(both(text, lambda facts: bool(facts.behind)))
def number_of_a_submeter_lost(life: Life) -> None:
    """Twenty damaged telegrams in a row have lost the line with the number of a submeter.

    Their checksums are right.
    """
    for _ in range(20):
        data, _ = life.next()
        life.deliver(repair(_SUBMETER.sub(b"", data)), None)
