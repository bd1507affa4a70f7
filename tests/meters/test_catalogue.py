"""What OBIS codes mean: for people, as readings, and to those who judge readings."""

from tests.support import golden

# --- Golden data ---


def test_registers_mean_what_the_golden_data_says() -> None:
    rows = golden.table(golden.REGISTERS)
    assert [golden.register_row(code, unit) for code, unit, *_ in rows] == rows


def test_codes_of_electricity_mean_what_the_golden_data_says() -> None:
    known = golden.meanings(golden.table(golden.CODES))
    for obis in golden.swept():
        assert golden.meaning(obis) == known.pop(obis, golden.NOTHING), obis
    assert not known


def test_all_codes_of_a_reading_take_the_same_units() -> None:
    units = {
        key: golden.exponents(golden.parse(code), golden.UNITS_SWEPT)
        for key, code, *_ in golden.table(golden.READINGS)
        if code
    }
    for obis, meaning in golden.meanings(golden.table(golden.CODES)).items():
        found = golden.exponents(obis, golden.UNITS_SWEPT)
        assert found == units.get(meaning.reading, {}), obis


def test_readings_take_the_units_and_bounds_that_the_golden_data_says() -> None:
    rows = golden.table(golden.READINGS)
    assert [golden.reading_row(key, code) for key, code, *_ in rows] == rows
