"""Reads profiles from their files.

A profile is one TOML file in ``profiles/``; ``lists.toml`` there holds the lists that come without
OBIS codes, because several meters of one operator share them. A user may add files of the same form
in a folder beside the options, also ``based_on`` a shipped profile, and with lists of their own
under ``positional``.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import voluptuous as vol

from app import shipped
from app.cosem.items import Shape
from app.cosem.obis import Obis
from app.cosem.unit import UNITS
from app.dlms import axdr
from app.meters import catalogue
from app.meters.profile import AUTO, Place, PositionalList, Profile, Proof
from app.meters.quantities import QUANTITIES, Quantity
from app.transport import push_interval
from app.transport.serial_mode import SerialMode

DIRECTORY: Final = Path(__file__).parent / "profiles"

OWN_FOLDER: Final = "profiles"
"""The name of the folder with a user's own profiles."""

APP_FOLDER: Final = Path("/config")
"""Where the Supervisor mounts the folder of the app that its user sees (``map`` in config.yaml)."""

_LISTS: Final = "lists"
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9-]*")

_MAKER: Final = re.compile(r"[A-Z]{3}")
_ADDRESS: Final = re.compile(r"[0-9A-Fa-f]+")
_QUANTITIES: Final = tuple(measured.value for measured in Quantity)
_SHAPES: Final = tuple(shape.value for shape in Shape)
_UNITS: Final = {*UNITS.values(), *(f"k{unit}" for unit in ("Wh", "W", "varh", "var", "VAh", "VA"))}
_PROOFS: Final = tuple(proof.value for proof in Proof)
_PLAIN_WORDS: Final = {
    "extra keys not allowed": "there is no such key",
    "required key not provided": "this key has to be there",
    "expected str": "wanted is a text in quotes",
    "expected a list": "wanted is a list in square brackets",
    "expected a dictionary": "wanted is a table",
    "expected dict": "wanted is a table",
}
"""What the checking library says, in words for those who write a profile."""

_LARGEST_SCALER: Final = 9
_NUMBERS: Final = axdr.INTEGER_TYPES | {axdr.FLOAT32, axdr.FLOAT64}
_TAGS: Final = {name: tag for tag, name in axdr.NAMES.items()}


class ProfileError(Exception):
    """A profile that cannot be used; names file, key and reason."""


# Powers and energies without scaler are whole watts and watt-hours unless a profile says otherwise.
_WHOLE_UNITS: Final = dict.fromkeys(
    (
        Quantity.ACTIVE,
        Quantity.REACTIVE,
        Quantity.APPARENT,
        Quantity.ACTIVE_ENERGY,
        Quantity.REACTIVE_ENERGY,
        Quantity.APPARENT_ENERGY,
    ),
    0,
)


def _serial_mode(text: str) -> SerialMode:
    try:
        return SerialMode.parse(text)
    except ValueError as error:
        raise vol.Invalid(str(error)) from error


def _expression(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise vol.Invalid(f"{text!r} is no regular expression: {error}") from error


def _obis(text: str) -> Obis:
    try:
        return Obis.parse(text)
    except ValueError as error:
        raise vol.Invalid(str(error)) from error


def _tags(text: str) -> frozenset[int]:
    names = text.split("|")
    strange = [name for name in names if name not in _TAGS]
    if strange:
        raise vol.Invalid(f"{strange[0]!r} is no A-XDR type; one is {', '.join(_TAGS)}")
    return frozenset(_TAGS[name] for name in names)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise vol.Invalid("wanted is a whole number")
    return value


def _unit(text: str) -> str:
    if text not in _UNITS:
        raise vol.Invalid(f"{text!r} is no unit; one is {', '.join(sorted(_UNITS - {''}))}")
    return text


def _maker(text: str) -> str:
    if not _MAKER.fullmatch(text):
        raise vol.Invalid(f"{text!r} is no maker; wanted are three capital letters, like KFM")
    return text


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise vol.Invalid(f"{text!r} is no address; wanted are hex digits, like ceff03")
    return text.lower()


def _quantity(text: str) -> Quantity:
    if text not in _QUANTITIES:
        raise vol.Invalid(f"{text!r} is no quantity; one is {', '.join(_QUANTITIES)}")
    return Quantity(text)


def _scaler(value: object) -> int:
    scaler = _whole(value)
    if abs(scaler) > _LARGEST_SCALER:
        raise vol.Invalid(f"wanted is a whole number from -{_LARGEST_SCALER} to {_LARGEST_SCALER}")
    return scaler


def _scalers(value: object) -> tuple[int, ...]:
    scalers = tuple(map(_scaler, value)) if isinstance(value, list) else (_scaler(value),)
    if not scalers or len(set(scalers)) < len(scalers):
        raise vol.Invalid("wanted are different whole numbers in square brackets, or one without")
    return scalers


_UNCERTAIN: Final = (Quantity.ACTIVE_ENERGY, Quantity.VOLTAGE)
"""Quantities that meters of one family count in different ways, for which there are means to tell
how."""


def _nominal(value: dict[Quantity, tuple[int, ...]]) -> dict[Quantity, tuple[int, ...]]:
    for measured, scalers in value.items():
        if len(scalers) > 1 and measured not in _UNCERTAIN:
            names = " and ".join(one.value for one in _UNCERTAIN)
            raise vol.Invalid(f"{measured.value} has one number; {names} can have more")
    return value


def _shape(text: str) -> Shape:
    if text not in _SHAPES:
        raise vol.Invalid(f"{text!r} is no shape of a list; one is {', '.join(_SHAPES)}")
    return Shape(text)


def _counted(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse a number that could never be a reading, as nobody would be told why."""
    measured = catalogue.quantity_of(value["obis"]) if "obis" in value else None
    if measured is None or not value["type"] & _NUMBERS:
        return value
    unit = QUANTITIES[measured].unit
    if "scaler" not in value:
        raise vol.Invalid(f"{value['obis']} is a number, so it has to have a scaler")
    if value.get("unit", "") not in (unit, f"k{unit}"):
        wanted = f"in {unit}" if unit else "a number without a unit"
        raise vol.Invalid(f"{value['obis']} is {wanted}, so unit has to be {unit!r}")
    return value


def _alone(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    codes = [value["obis"] for value in values if "obis" in value]
    twice = [code for code in codes if codes.count(code) > 1]
    if twice:
        raise vol.Invalid(f"{twice[0]} stands at several places; a list says each code once")
    return values


_TEXTS: Final = [vol.All(str, vol.Length(min=1))]
_CODES: Final = [vol.All(str, _obis)]

_LIST_SCHEMA: Final = vol.Schema(
    {
        vol.Required("source"): str,
        "proof": vol.In(_PROOFS),
        vol.Required("values"): vol.All(
            [
                vol.All(
                    {
                        "obis": vol.All(str, _obis),
                        vol.Required("type"): vol.All(str, _tags),
                        "scaler": vol.All(_whole, vol.Range(-9, 9)),
                        "unit": vol.All(str, _unit),
                        "absent": _whole,
                        "text": vol.All(str, _expression),
                    },
                    _counted,
                )
            ],
            vol.Length(min=1),
            _alone,
        ),
    }
)

_PROFILE_SCHEMA: Final = vol.Schema(
    {
        vol.Required("manufacturer"): str,
        vol.Required("model"): str,
        "operators": _TEXTS,
        "interface": str,
        "keys": str,
        "publishes": str,
        "verified": vol.In(("capture", "documentation")),
        "tried_with": str,
        "not_tried": str,
        "makers": [vol.All(str, _maker)],
        "addresses": [vol.All(str, _address)],
        "lists": _TEXTS,
        "serial_modes": [vol.All(str, _serial_mode)],
        "push_interval": vol.All(_whole, vol.Range(1, 86400)),
        "number_within": {_shape: vol.All(_whole, vol.Range(1, 100))},
        "nominal": vol.All({_quantity: _scalers}, _nominal),
        "models": {str: str},
        "positional": {str: dict},
        "identifications": [vol.All(str, _expression)],
        "manufacturers": {vol.All(str, _expression): str},
        "codes_present": _CODES,
        "codes_absent": _CODES,
    }
)


def _read_own(path: Path) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - most users have no profiles of their own

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"{path.name}: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path.name}: it is no text in UTF-8; save it as such") from error
    except ValueError as error:
        raise ProfileError(f"{path.name}: this is no TOML: {error}") from error
    except RecursionError as error:  # hundreds of brackets
        raise ProfileError(f"{path.name}: this is no TOML: it is nested too deeply") from error


def _checked(schema: vol.Schema, raw: object, where: str) -> dict[str, Any]:
    try:
        checked: dict[str, Any] = schema(raw)
    except vol.MultipleInvalid as invalid:
        reasons = "; ".join(
            f"{'.'.join(str(part) for part in error.path) or 'the file'}:"
            f" {_PLAIN_WORDS.get(error.msg, error.msg)}"
            for error in invalid.errors
        )
        raise ProfileError(f"{where}: {reasons}") from invalid
    return checked


def _positional_lists(tables: Mapping[str, Any], where: str) -> dict[str, PositionalList]:
    lists = {}
    for name, raw in tables.items():
        table = _checked(_LIST_SCHEMA, raw, f"{where}: {name}")
        places = tuple(
            Place(
                value.get("obis"),
                value["type"],
                value.get("scaler"),
                value.get("unit", ""),
                value.get("absent"),
                value.get("text"),
            )
            for value in table["values"]
        )
        proof = Proof(table["proof"]) if "proof" in table else None
        lists[name] = PositionalList(name, table["source"], places, proof)
    return lists


def _profile(
    path: Path,
    raw: Mapping[str, Any],
    lists: Mapping[str, PositionalList],
    *,
    is_own: bool = False,
) -> Profile:
    table = _checked(_PROFILE_SCHEMA, raw, path.name)
    own = _positional_lists(table.get("positional", {}), f"{path.name}: positional")
    names = [*own, *table.get("lists", ())]
    unknown = [name for name in names if name not in own and name not in lists]
    if unknown:
        raise ProfileError(f"{path.name}: lists: there is no list {unknown[0]!r}")
    nominal = table.get("nominal", {})
    several = {measured: scalers for measured, scalers in nominal.items() if len(scalers) > 1}
    usual = {measured: scalers[0] for measured, scalers in nominal.items()}
    return Profile(
        type=path.stem,
        manufacturer=table["manufacturer"],
        model=table["model"],
        operators=tuple(table.get("operators", ())),
        interface=table.get("interface", ""),
        keys=table.get("keys", ""),
        publishes=table.get("publishes", ""),
        verified=table.get("verified", "documentation"),
        tried_with=table.get("tried_with", ""),
        not_tried=table.get("not_tried", ""),
        makers=tuple(table.get("makers", ())),
        serial_modes=tuple(table.get("serial_modes", ())),
        push_interval=table.get("push_interval", push_interval.USUAL),
        addresses=tuple(table.get("addresses", ())),
        lists=tuple(own[name] if name in own else lists[name] for name in names),
        nominal=_WHOLE_UNITS | usual if "nominal" in table else None,
        energy_scales=several.get(Quantity.ACTIVE_ENERGY, ()),
        volt_scales=several.get(Quantity.VOLTAGE, ()),
        models=table.get("models", {}),
        identifications=tuple(table.get("identifications", ())),
        manufacturers=tuple(table.get("manufacturers", {}).items()),
        codes_present=frozenset(obis.cde for obis in table.get("codes_present", ())),
        codes_absent=frozenset(obis.cde for obis in table.get("codes_absent", ())),
        number_within=table.get("number_within", {}),
        own=is_own,
    )


def _based(path: Path, raw: dict[str, Any], bases: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Fill in what a user's profile takes over from a shipped one."""
    base = raw.pop("based_on", None)
    if base is None:
        return raw
    if not isinstance(base, str) or base not in bases:
        raise ProfileError(f"{path.name}: based_on: there is no profile {base!r}")
    return {**bases[base], **raw}


def own_folder(environment: Mapping[str, str]) -> Path | None:
    """Give the folder of the user's own profiles, which need not exist.

    Args:
        environment: may name the folder of a service's settings by CONFIGURATION_DIRECTORY, as
            systemd does; with SUPERVISOR_TOKEN the program is an app, which has APP_FOLDER.

    Returns:
        The folder; None where the environment says nothing: it is beside the options file then.
    """
    settings = environment.get("CONFIGURATION_DIRECTORY", "").partition(":")[0]
    if not settings and "SUPERVISOR_TOKEN" not in environment:
        return None
    return (Path(settings) if settings else APP_FOLDER) / OWN_FOLDER


def shipped_types() -> list[str]:
    """Give the types of the shipped profiles, in order, without reading them."""
    return sorted(path.stem for path in DIRECTORY.glob("*.toml") if path.stem != _LISTS)


@cache
def load(own: Path | None = None) -> Mapping[str, Profile]:
    """Read every profile, by type, in the order of their names.

    Args:
        own: a folder of profiles that the user wrote; they add to the shipped ones, or replace
            those of the same name. It need not exist.

    Raises:
        ProfileError: one cannot be used.
    """
    shipped_paths = {path.stem: path for path in DIRECTORY.glob("*.toml")}
    lists_path = shipped_paths.pop(_LISTS)
    lists = _positional_lists(shipped.read(lists_path), lists_path.name)
    raws = {stem: shipped.read(path) for stem, path in shipped_paths.items()}
    profiles = {stem: _profile(shipped_paths[stem], raw, lists) for stem, raw in raws.items()}
    for path in sorted(own.glob("*.toml")) if own else ():
        if not _TYPE.fullmatch(path.stem) or path.stem == AUTO:
            raise ProfileError(
                f"{path.name}: the file's name is the meter_type: of a-z, 0-9 and -, and not auto"
            )
        profiles[path.stem] = _profile(
            path, _based(path, _read_own(path), raws), lists, is_own=True
        )
    return {stem: profiles[stem] for stem in sorted(profiles)}
