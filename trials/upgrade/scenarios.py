"""What is upgraded: which meters on which lines, with which options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.support.simulated import EVERY_LIST, SimulatedMeter, readings


@dataclass(frozen=True)
class Line:
    """A line with a meter.

    Args:
        family: of `simulator.meters.FAMILIES`.
        lists: those that the meter sends in turn, of the same link; none for the family's first.
        gateway: whether it is read over TCP; else from a serial adapter.
        searched: whether the serial adapter gives noise in any but the meter's own baud rate.
        unpublished: how many of the first telegrams are not published, as the serial mode is
            searched or the meter's number is still to come.
        options: of this meter, beside its keys and its line.
    """

    family: str
    lists: tuple[str, ...] = ()
    gateway: bool = False
    searched: bool = False
    unpublished: int = 0
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """An installation.

    Args:
        name: says what is particular about it.
        lines: the first is the flat one of the options, the others are ``additional_meters``.
        options: further ones, outside of any group.
        mqtt: further options of the group ``mqtt``.
        profiles: the user's own profiles by name, each a copy of the shipped one that is named.
    """

    name: str
    lines: tuple[Line, ...]
    options: Mapping[str, object] = field(default_factory=dict)
    mqtt: Mapping[str, object] = field(default_factory=dict)
    profiles: Mapping[str, str] = field(default_factory=dict)


SCENARIOS: Final = (
    Scenario("ciphered, with a tag", (Line("e450"),)),
    Scenario("ciphered, without a tag", (Line("kaifa"),)),
    Scenario("P1 with a gas meter", (Line("dsmr"),)),
    Scenario("P1, ciphered", (Line("sagemcom-p1"),)),
    Scenario(
        "number in a later list",
        (Line("kaifa-nordic", ("norway-1", "norway-13"), unpublished=1),),
    ),
    Scenario("number that never comes", (Line("kaifa-nordic", ("norway-1",), unpublished=6),)),
    Scenario(
        "serial mode found by search",
        (Line("e450", ("wien",), searched=True, unpublished=3),),
    ),
    Scenario("TCP gateway", (Line("sagemcom", gateway=True),)),
    Scenario(
        "two meters, one with a name",
        (
            Line("kaifa", ("tinetz",)),
            Line(
                "kaifa-nordic",
                ("norway-1", "norway-13"),
                gateway=True,
                unpublished=1,
                options={"name": "Stall"},
            ),
        ),
    ),
    Scenario(
        "two meters without a name",
        (Line("e450", ("klagenfurt",)), Line("dsmr", ("sweden",))),
    ),
    Scenario(
        "two meters with the same name",
        (Line("dsmr", ("sweden",)), Line("dsmr", ("sweden",), options={"name": "Zähler"})),
        options={"name": "Zähler"},
    ),
    Scenario(
        "layout burgenland",
        (Line("e450", ("burgenland",)),),
        mqtt={"layout": "burgenland", "base_topic": "smartmeter/em"},
    ),
    Scenario(
        "layout burgenland, P1 with a gas meter",
        (Line("dsmr"),),
        mqtt={"layout": "burgenland"},
    ),
    Scenario("layout lgraho", (Line("kaifa"),), mqtt={"layout": "lgraho"}),
    Scenario("layout greenmikeeu", (Line("kaifa"),), mqtt={"layout": "greenmikeeu"}),
    Scenario(
        "German, with a name",
        (Line("sagemcom"),),
        options={"language": "de", "name": "Zähler Süd"},
    ),
    Scenario(
        "German, with gas and water meters",
        (Line("dsmr", ("belgium",)),),
        options={"language": "de"},
    ),
    Scenario(
        "other base topic and discovery prefix",
        (Line("im350"),),
        mqtt={"base_topic": "haus/strom", "discovery_prefix": "ha"},
    ),
    Scenario(
        "meter type and serial mode chosen",
        (Line("am550", options={"meter_type": "am550", "serial_mode": "9600 8N1"}),),
    ),
    Scenario(
        "the user's own profile",
        (Line("kaifa", options={"meter_type": "my-kaifa"}),),
        profiles={"my-kaifa": "kaifa"},
    ),
)
"""Those that are always tried."""

_UNPUBLISHED: Final = {("kaifa-nordic", "norway-1"): 6, ("aidon", "sweden"): 5}
"""The lists that make the program wait for one with the meter's number, and for how long."""


def every_list() -> tuple[Scenario, ...]:
    """Give a scenario for each list of the simulator that holds a reading."""
    return tuple(
        Scenario(
            f"{family} {name}",
            (Line(family, (name,), unpublished=_UNPUBLISHED.get((family, name), 0)),),
        )
        for family, name in EVERY_LIST
        if readings(SimulatedMeter(None, family, name).telegram().truth)
    )
