"""What models are called that do not name themselves."""

from app.meters.model_names import model_name


def test_a_model_that_the_maker_did_not_name_has_the_household_s_language() -> None:
    assert model_name("Gas meter", "de") == "Gaszähler"
    assert model_name("Gas meter", "en") == "Gas meter"
    assert model_name("MA309", "de") == "MA309"
