"""The options of the command ``forward``, checked before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from app.config import checks
from app.config.options import OptionsError, read_json
from app.config.redaction import entered_secrets
from app.fleet import engine_options, subjects
from app.fleet.engine_options import EngineOptions
from app.log import LEVELS, Redactor
from app.transport.serial_mode import SerialMode

_LINE: Final = '{"name": "meter-1", "url": "tcp://192.168.1.20:2010"}'
_LIKE: Final = f'{{"servers": ["nats://192.168.1.10:4222"], "lines": [{_LINE}]}}'


@dataclass(frozen=True, slots=True)
class LineOptions:
    """One line whose bytes are forwarded.

    Args:
        name: under which they are pushed.
        device: path of a serial device.
        url: ``tcp://host:port`` or a path; wins over ``device``.
        serial_mode: None to find it by trying.
    """

    name: str
    device: str | None = None
    url: str | None = None
    serial_mode: SerialMode | None = None


@dataclass(frozen=True, slots=True)
class ForwardOptions:
    """All options.

    Args:
        engine: how it is reached.
        lines: at least one.
        spool: the file that keeps telegrams while the engine is away.
        spool_hours: for which it keeps one at most.
        spool_megabytes: that it keeps at most.
        log_level: a name of ``log.LEVELS``.
        entered: the passwords as they were typed.
    """

    engine: EngineOptions
    lines: tuple[LineOptions, ...]
    spool: Path
    spool_hours: int = 24
    spool_megabytes: int = 100
    log_level: str = "info"
    entered: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    @property
    def state(self) -> Path:
        """The file of what is known again after a restart.

        Its name has the whole one of the spool, so that it is never that of the file of options.
        """
        return self.spool.with_name(f"{self.spool.name}.state")

    def secrets(self) -> frozenset[str]:
        """Give every text that must never be written."""
        return self.engine.secrets(self.entered)


def load(path: Path) -> ForwardOptions:
    """Read and check a file of options in JSON.

    Raises:
        OptionsError: it cannot be used; with all problems.
    """
    return parse(read_json(path, like=_LIKE), path.parent)


def parse(raw: object, folder: Path) -> ForwardOptions:
    """Check options and give them their types; null and a blank text mean: not given.

    Args:
        raw: what JSON gave.
        folder: that of the file; the spool is named relative to it.

    Raises:
        OptionsError: with all problems.
    """
    entered = frozenset(entered_secrets(raw))
    try:
        values = vol.Schema(_GROUP)(raw)
    except vol.MultipleInvalid as invalid:
        raise OptionsError(checks.sentences(invalid, entered, Redactor(entered))) from None
    engine = EngineOptions.taken_from(values)
    lines = tuple(LineOptions(**line) for line in values.pop("lines"))
    spool = folder / values.pop("spool", "telegrams.sqlite")
    return ForwardOptions(engine, lines, spool, entered=entered, **values)


def _name(value: object) -> str:
    wanted = "a name without blanks, dots, * and >, as the file of meters has it"
    name = checks.text(wanted)(value)
    if not subjects.is_name(name):
        raise checks.Refused(value, f"is given; wanted is {wanted}")
    return name


def _line_problems(given: Mapping[str, object]) -> checks.Problems:
    if "name" not in given:
        yield "name", vol.Invalid(f"nothing is given; wanted is one, like {_LINE}")
    if "device" not in given and "url" not in given:
        yield "url", vol.Invalid("nothing is given; wanted is this, or a device")


def _problems(given: Any) -> checks.Problems:  # noqa: ANN401 - a mapping of what JSON gave
    yield from engine_options.problems(given)
    username = given.get("username")
    if isinstance(username, str) and not all(map(subjects.is_name, username.split("."))):
        sentence = (
            "is given; wanted is a name without blanks, * and >, as answers come to a NATS subject"
            " that begins with it"
        )
        yield "username", checks.Refused(username, sentence)
    lines = given.get("lines")
    if not lines:
        yield "lines", vol.Invalid(f"nothing is given; wanted is a list of lines, like [{_LINE}]")
    elif isinstance(lines, list):
        names = [str(one["name"]) for one in lines if isinstance(one, dict) and "name" in one]
        places = [one.get("url") or one.get("device") for one in lines if isinstance(one, dict)]
        texts = [place for place in places if isinstance(place, str)]
        for what, those in (("name", names), ("url or device", texts)):
            if len(those) > len(set(those)):
                sentence = f"two lines have the same {what}; wanted is one of its own each"
                yield "lines", vol.Invalid(sentence)


_LINE_FIELDS: Final[checks.Fields] = {
    "name": _name,
    "device": checks.device,
    "url": checks.url,
    "serial_mode": checks.serial_mode,
}

_GROUP: Final = checks.group(
    {
        **engine_options.FIELDS,
        "lines": checks.list_of(
            checks.group(_LINE_FIELDS, _line_problems, lambda _: f", like {_LINE}")
        ),
        "spool": checks.text("the path of a file"),
        "spool_hours": checks.whole_number(1, 24 * 31),
        "spool_megabytes": checks.whole_number(1, 100_000),
        "log_level": checks.one_of(LEVELS),
    },
    _problems,
    example=lambda _: f", like {_LIKE}",
)
