"""Makes the page where it is wanted; elsewhere nothing of it is even imported."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from app.config.options import Options
from app.log import Redactor
from app.meters.profile import Profile
from app.state import State
from app.status import OutputState

if TYPE_CHECKING:
    from app.page.page import Page


def page_for(
    options: Options,
    profiles: Mapping[str, Profile],
    state: State,
    redactor: Redactor,
    outputs: Callable[[], Mapping[str, OutputState]],
    *,
    supervised: bool,
) -> "Page | None":
    """Make the page: under the Supervisor unless it is not wanted, elsewhere if it is.

    Args:
        options: all of them.
        profiles: see `Page`, as for what follows.
        state: as there.
        redactor: as there.
        outputs: as there.
        supervised: whether the Supervisor runs the program.
    """
    wanted = supervised if options.page is None else options.page
    if not wanted:
        return None
    from app.page import access, page  # noqa: PLC0415 - many have no page

    return page.Page(
        access.of(wanted, supervised=supervised),
        language=options.language,
        redactor=redactor,
        state=state,
        profiles=profiles,
        outputs=outputs,
    )
