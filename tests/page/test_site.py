"""What is found at which path."""

import pytest

from tests.support.paged import get, meter, opened, told


async def test_the_history_is_given_as_it_is_kept() -> None:
    paged = opened()
    paged.push(meter(), 10)
    answer = await get(paged, "series?key=power&seconds=50")
    assert len(answer.body) == 16 + 10 * 4
    assert len((await get(paged, "series?key=power")).body) == 16 + 17280 * 4
    assert (await get(paged, "series?key=nothing")).body == b""
    assert len(await told(paged, "quarters")) == 1
    assert await told(paged, "health") != []


@pytest.mark.parametrize(
    "path",
    [
        *("nothing", "../page.py", "%2e%2e/page.py", "files/page.js", "index.html/", "facts/"),
        *("series?meter=9", "series?meter=-1", "series?meter=x", "series?line=1", "health?line=9"),
        "health?line=99999999999999999999999",
    ],
)
async def test_what_is_not_there_is_not_found(path: str) -> None:
    paged = opened()
    paged.push(meter(), 2)
    assert (await get(paged, path.encode("latin-1").decode("latin-1"))).status == 404
