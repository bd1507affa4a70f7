"""A telegram, register by register."""

from tests.support.paged import meter, opened, told


async def test_the_last_telegram_is_shown_as_listen_does() -> None:
    paged = opened()
    paged.push(meter(), 3)
    paged.take(meter().telegram().data)  # once more
    shown_ = await told(paged, "telegram")
    codes = {row[0]: row for row in shown_["telegram"]["registers"]}
    assert codes["1-0:1.8.0"][1] == "energy import"
    assert codes["1-0:1.8.0"][3] == "Wh"
    assert shown_["telegram"]["security"]["ciphered"]
    assert [row[1] for row in shown_["rejected"]] == ["replayed"]


async def test_registers_have_names_in_the_household_s_language() -> None:
    paged = opened("de")
    paged.push(meter("dsmr"), 3)
    names = {row[0]: row[1] for row in (await told(paged, "telegram"))["telegram"]["registers"]}
    assert names["1-0:1.8.1"] == "Bezug Tarif 1"
    assert names["0-0:96.1.1"] == "device number 2"  # what is no reading has an English name only
