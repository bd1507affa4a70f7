"""What the household draws and gives."""

from dataclasses import replace
from decimal import Decimal

from simulator.household import Snapshot
from simulator.loads import Load
from trials.life.event import EVENING, NOON, both, event, says, three_phases
from trials.life.life import Life

_POWER = says("power")


def on_all(watts: int, reactive: int = 0) -> tuple[Load]:
    """Return a load on all phases; a household with one phase draws a third of it."""
    return (Load((watts // 3,) * 3, (reactive // 3,) * 3),)


def on_first(watts: int, reactive: int = 0) -> tuple[Load]:
    """Return a load on the first phase."""
    return (Load((watts, 0, 0), (reactive, 0, 0)),)


def _nothing_but_loads(life: Life) -> None:
    life.meter.change(idle=True, solar=0)


@event(both(_POWER, three_phases), before=_nothing_but_loads)
def battery_keeps_the_power_at_nothing(life: Life) -> None:
    """A battery on one phase gives what the other two draw, so that the power stays at nothing."""
    for turn in range(30):
        second, third = life.chance.choice((90, 400, 1500)), life.chance.choice((120, 1200, 2400))
        late = life.push_late if turn % 2 else life.meter.change
        late(loads=(Load((-second - third, second, third)),))
        life.push(life.chance.randrange(1, 4))
    life.meter.change(loads=())


_HEATERS = (18_000, 21_000, 24_000, 18_000, 21_000, 24_000)


@event(_POWER)
def instant_heater(life: Life) -> None:
    """An instant heater of 18 to 24 kW runs for a minute or two, again and again."""
    for watts in _HEATERS:
        life.meter.change(loads=on_all(watts))
        life.push(max(2, 60 // life.interval))
        life.meter.change(loads=())
        life.push(max(2, 90 // life.interval))


def _lowered_by_harmonics(life: Life) -> None:
    def show(snapshot: Snapshot) -> Snapshot:
        factor = Decimal("0.62" if _watts(snapshot) < _KETTLE else "0.99")
        shown = {"13.7.0": factor, "3.7.0": Decimal(), "4.7.0": Decimal()}
        return replace(snapshot, values={**snapshot.values, **shown})

    life.meter.change(idle=True, solar=0, loads=on_first(300))
    life.meter.showing = show


_KETTLE = 2000


def _watts(snapshot: Snapshot) -> Decimal:
    return snapshot.values["1.7.0"] or Decimal()


@event(says("power_factor", "reactive_power_import"), before=_lowered_by_harmonics, begin=EVENING)
def kettle_beside_power_supplies(life: Life) -> None:
    """The power factor is lowered by harmonics alone, until a kettle makes most of the power."""
    for _ in range(10):
        life.meter.change(loads=on_first(300 + _KETTLE))
        life.push(20)
        life.meter.change(loads=on_first(300))
        life.push(20)


@event(_POWER)
def instant_heater_in_the_last_second(life: Life) -> None:
    """An instant heater starts and stops in the last second before a telegram, each time."""
    for watts in _HEATERS:
        life.push_late(loads=on_all(watts))
        life.push(max(2, 60 // life.interval))
        life.push_late(loads=())
        life.push(max(2, 90 // life.interval))


@event(_POWER)
def kettle_in_the_last_second(life: Life) -> None:
    """A kettle of 2 kW on one phase starts and stops in the last second before telegrams."""
    for _ in range(6):
        life.push_late(loads=on_first(2000))
        life.push(5)
        life.push_late(loads=())
        life.push(5)


@event(_POWER)
def electric_car_on_one_phase(life: Life) -> None:
    """An electric car charges with 7.4 kW on one phase."""
    life.meter.change(loads=on_first(7400, -300))
    life.push(60)
    life.meter.change(loads=())


@event(_POWER, hold=3)  # a list that says the power alone jumps with each step
def electric_car_with_22_kw(life: Life) -> None:
    """An electric car charges with 22 kW, which it reaches in steps of a second."""
    for share in range(1, 6):
        life.push_late(loads=on_all(22_000 * share // 5))
    life.push(60)
    life.meter.change(loads=())


@event(_POWER)
def electric_car_that_follows_the_sun(life: Life) -> None:
    """A charger follows the panels, so that the power at the meter swings around nothing."""
    for turn in range(60):
        life.meter.change(loads=on_all(1400 + 690 * (turn % 5)))
        life.push()
    life.meter.change(loads=())


@event(_POWER, hours=True)
def steady_44_kw(life: Life) -> None:
    """44 kW are drawn from one moment to the next, and for good."""
    life.meter.change(loads=on_all(44_000))


@event(_POWER, hold=3)  # right after a restart the connection is exceeded anew
def peak_of_60_kw(life: Life) -> None:
    """60 kW are drawn for two minutes, which the main fuses carry for a while."""
    life.meter.change(loads=on_all(60_000))
    life.push(max(3, 120 // life.interval))
    life.meter.change(loads=())


@event(_POWER)
def large_motor_starts(life: Life) -> None:
    """A motor of 7 kW starts with six times its current, mostly reactive, for two seconds."""
    for _ in range(4):
        life.push_late(loads=on_all(20_000, 36_000))
        life.meter.change(loads=on_all(7000, 4000))
        life.push(6)
        life.push_late(loads=())
        life.push(6)


@event(_POWER)
def reactive_power_turns(life: Life) -> None:
    """Reactive power turns between inductive and capacitive: compressors and LED drivers."""
    for turn in range(30):
        life.meter.change(loads=on_all(600, 2400 if turn % 2 else -2400))
        life.push(2)
    life.meter.change(loads=())


@event(_POWER, begin=EVENING)
def night_with_zero_everything(life: Life) -> None:
    """Nobody draws anything: no power, no current, counters that stand still."""
    life.meter.change(idle=True, solar=0)
    life.push(100)
    life.meter.change(idle=False)


@event(_POWER, begin=NOON)
def noon_with_wandering_power_factors(life: Life) -> None:
    """House and panels balance, so that the sign of the power and its factor wander."""
    life.meter.change(idle=True, solar=6000)
    given = int(life.meter.household.at(life.meter.now).values["2.7.0"] or 0)
    for _ in range(80):
        drawn = given + life.chance.randrange(-250, 250)
        life.meter.change(loads=on_all(drawn, life.chance.randrange(-600, 600)))
        life.push()
    life.meter.change(idle=False, loads=())


@event(_POWER, begin=NOON)
def clouds_over_a_large_plant(life: Life) -> None:
    """Clouds pass over a plant of 30 kW: its power comes and goes within seconds."""
    for turn in range(40):
        life.meter.change(solar=30_000 if turn % 2 else 4_000)
        life.push(life.chance.randrange(1, 4))
    life.meter.change(solar=6000)


def _no_panels_yet(life: Life) -> None:
    life.meter.change(solar=0)
    for group in (2, 22, 42, 62):
        life.meter.household.counters[group].tariffs[:] = [0, 0]


@event(says("power_export"), before=_no_panels_yet, begin=NOON, hours=True)
def first_feed_in(life: Life) -> None:
    """Panels are switched on for the first time: the export was zero since the meter was new."""
    life.meter.change(solar=9000)


@event(says("power_export"), begin=NOON)
def steady_feed_in_of_40_kw(life: Life) -> None:
    """A large plant feeds in 40 kW from one moment to the next."""
    life.meter.change(solar=60_000)
    life.push(20)
    life.meter.change(solar=6000)


@event(_POWER, begin=NOON)
def panels_switched_off_and_on(life: Life) -> None:
    """The inverter disconnects and connects again, in the last second before telegrams."""
    for solar in (0, 12_000, 0, 12_000, 0, 12_000):
        life.push_late(solar=solar)
        life.push(6)


@event(three_phases, before=lambda life: life.meter.change(solar=9000), begin=NOON, hold=3)
def phases_no_longer_netted(life: Life) -> None:
    """A firmware no longer nets the phases: a meter imports and exports at once from now on."""
    life.meter.change(loads=on_first(5000))
    house = life.meter.household

    def phases() -> list[int]:
        return [sum(house.counters[20 * n + way].total for n in (1, 2, 3)) for way in (1, 2)]

    house.at(life.meter.now)
    tariffs = [house.counters[way].tariffs[:] for way in (1, 2)]
    begin = phases()

    def show(snapshot: Snapshot) -> Snapshot:
        values = dict(snapshot.values)
        for n, (first, second) in enumerate(tariffs):
            counted = first + phases()[n] - begin[n]
            powers = (values[f"{phase + n}.7.0"] or Decimal() for phase in (21, 41, 61))
            values |= {
                f"{n + 1}.7.0": sum(powers, Decimal()),
                f"{n + 1}.8.0": Decimal(counted + second),
                f"{n + 1}.8.1": Decimal(counted),
                f"{n + 1}.8.2": Decimal(second),
            }
        values["15.8.0"] = (values["1.8.0"] or Decimal()) + (values["2.8.0"] or Decimal())
        return replace(snapshot, values=values)

    life.meter.showing = show
    life.push(40)
