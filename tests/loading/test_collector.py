"""What the garbage collector does not look through again and again."""

import gc
from collections.abc import Iterator

import pytest

from app.loading.collector import settle


class Kept:
    """Something that stays."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


async def test_what_stays_is_left_out_each_time_and_garbage_is_none_of_it() -> None:
    gc.collect()
    for _ in range(2):
        stays, garbage = Kept(), Kept()
        before, known = gc.get_freeze_count(), id(garbage)
        del garbage
        await settle((0.0,))
        assert gc.get_freeze_count() > before
        looked_through = set(map(id, gc.get_objects()))
        assert id(stays) not in looked_through
        gc.unfreeze()
        left = {id(one) for one in gc.get_objects() if isinstance(one, Kept)}
        assert id(stays) in left
        assert known not in left
