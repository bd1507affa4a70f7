"""What people likely meant: names of options, makes and forms that other programs know.

Each hint is a sentence, or the end of one, that holds nothing of what was entered.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

_SERIAL_MODE: Final = "serial_mode, all in one text like 9600 8N1"
_FOUND: Final = "is found out by the program; leave it out"
_NOT_NEEDED: Final = "is not needed here; leave it out"

_OF_A_METER: Final = {
    **dict.fromkeys(
        (
            *(
                "encryption_key",
                "encryptionkey",
                "decryption_key",
                "decrypt_key",
                "guek",
                "gcm_key",
            ),
            *("enc_key", "dlms_key", "aes_key", "global_key", "schluessel", "schlüssel", "evn_key"),
        ),
        "key",
    ),
    **dict.fromkeys(
        ("authentication_key", "authenticationkey", "authkey", "gak", "auth", "akey"), "auth_key"
    ),
    **dict.fromkeys(
        ("type", "model", "meter", "meter_model", "dsmr_version", "version", "profile"),
        "meter_type",
    ),
    **dict.fromkeys(
        ("port", "serial_port", "serialport", "serial", "tty", "usb", "com_port", "path"),
        "device, the path of a serial adapter, or url for a gateway",
    ),
    **dict.fromkeys(("gateway", "host", "address", "tcp", "socket"), "url, like tcp://host:port"),
    **dict.fromkeys(
        (
            *("baudrate", "baud_rate", "baud", "bytesize", "databits", "data_bits", "parity"),
            *("stopbits", "stop_bits", "mode"),
        ),
        _SERIAL_MODE,
    ),
    **dict.fromkeys(
        (
            *("publish_interval", "scan_interval", "interval", "update", "time_between_update"),
            *("refresh", "poll_interval"),
        ),
        "update_interval",
    ),
}
"""Names that other programs have for options of a meter, with what they are here."""

_OF_THE_PROGRAM: Final = {
    **dict.fromkeys(("logging", "loglevel", "log", "debug", "verbose"), "log_level"),
    **dict.fromkeys(("locale", "lang", "sprache"), "language"),
    **dict.fromkeys(("meters", "further_meters", "more_meters"), "additional_meters"),
    **dict.fromkeys(("mqttbrokerip", "mqtt_host", "mqtt_broker", "broker"), "mqtt.host"),
    **dict.fromkeys(("mqttbrokerport", "mqtt_port"), "mqtt.port"),
    **dict.fromkeys(("mqttbrokeruser", "mqtt_user", "mqtt_username"), "mqtt.username"),
    **dict.fromkeys(("mqttbrokerpasswort", "mqttbrokerpassword", "mqtt_password"), "mqtt.password"),
    **dict.fromkeys(("influxdbip", "influx", "influxdb_url"), "influxdb.url"),
    **dict.fromkeys(("printvalue", "print_logs", "print"), "console: text"),
}

_SENTENCES: Final = {
    "interface_type": f"it {_FOUND}",
    "timezone": "the time zone is that of the system, or of the variable TZ",
    "usemqtt": "MQTT is used wherever mqtt.host is given, or Home Assistant has a broker",
    "useinfluxdb": "the database is used wherever influxdb.url is given",
    "influxdbport": "the port belongs into influxdb.url, like http://192.168.1.10:8086",
    "dlms": (
        "dlms.key is key here, dlms.port is device, and dlms.baudrate, bytesize, parity and"
        f" stopbits are {_SERIAL_MODE}; each stands outside of any group"
    ),
    "mbus": (
        f"mbus.port is device here, and mbus.baudrate belongs into {_SERIAL_MODE}; each stands"
        " outside of any group"
    ),
    "homeassistant": (
        "Home Assistant finds the meter by itself; for topics of its own there is"
        " mqtt.discovery_prefix"
    ),
}
"""What is to be said of names that are no option by another name."""

_IN_MQTT: Final = {
    **dict.fromkeys(("broker", "server", "ip", "address", "hostname", "url", "addr"), "host"),
    **dict.fromkeys(("user", "login", "user_name", "benutzer"), "username"),
    **dict.fromkeys(("pass", "passwort", "passwd", "pw", "pwd"), "password"),
    **dict.fromkeys(("ssl", "use_tls", "secure"), "tls"),
    **dict.fromkeys(("tls_ca", "ca_cert", "cafile", "certificate_authority"), "ca"),
    **dict.fromkeys(("tls_cert", "certfile", "cert"), "client_cert"),
    **dict.fromkeys(("tls_key", "keyfile", "key"), "client_key"),
    **dict.fromkeys(("insecure", "tls_verify"), "tls_insecure"),
    **dict.fromkeys(("prefix", "topic", "topic_prefix", "base"), "base_topic"),
    **dict.fromkeys(("discovery_topic", "ha_prefix"), "discovery_prefix"),
    **dict.fromkeys(("homeassistant", "ha_discovery", "autodiscovery", "hass"), "discovery"),
    **dict.fromkeys(("values", "value_topics", "own_topics"), "topics"),
    **dict.fromkeys(("publish_interval", "interval"), "update_interval, outside of the group mqtt"),
    "name": "name, outside of the group mqtt",
}

_IN_MQTT_SENTENCES: Final = {
    **dict.fromkeys(("keepalive", "client_id", "clientid", "qos", "retain"), f"it {_NOT_NEEDED}"),
    "device_id": (
        "the topics have the meter's number in them; who wants those of a program before takes"
        " mqtt.layout"
    ),
    "data_topic": "it is mqtt.state_topic here, and goes with mqtt.layout: lgraho",
    "sensors_migrated": f"it {_NOT_NEEDED}",
}

_IN_TOPICS: Final = {
    **dict.fromkeys(("value", "reading", "sensor", "field", "name", "obis"), "key"),
    **dict.fromkeys(("mqtt_topic", "state_topic", "path", "target"), "topic"),
}

_IN_INFLUXDB: Final = {
    **dict.fromkeys(("host", "server", "ip", "address", "port"), "url, with host and port"),
    **dict.fromkeys(("db", "dbname"), "database"),
    **dict.fromkeys(("user", "login"), "username"),
    **dict.fromkeys(("pass", "passwort", "passwd", "pw"), "password"),
    **dict.fromkeys(("organization", "organisation"), "org"),
    **dict.fromkeys(("api_token", "apikey", "api_key"), "token"),
}

_OF_THE_ENGINE: Final = {
    **dict.fromkeys(("server", "host", "url", "urls", "address", "nats"), "servers"),
    **dict.fromkeys(("user", "login", "user_name"), "username"),
    **dict.fromkeys(("pass", "passwd", "pw"), "password"),
    **dict.fromkeys(("cafile", "tls_ca", "ca_cert"), "ca"),
    **dict.fromkeys(("logging", "loglevel", "log", "debug"), "log_level"),
}

_IN_FLEET: Final = {
    **_OF_THE_ENGINE,
    **dict.fromkeys(("keys", "meters_file", "names"), "meters"),
    **dict.fromkeys(("topic", "base", "prefix"), "base_topic"),
    **dict.fromkeys(("copies", "num_replicas"), "replicas"),
}

_IN_FORWARD: Final = {
    **_OF_THE_ENGINE,
    **dict.fromkeys(("meters", "meter", "line", "device", "devices", "gateways"), "lines"),
    **dict.fromkeys(("file", "database", "buffer", "cache"), "spool"),
}

_WITHOUT_KEYS: Final = dict.fromkeys(
    ("key", "keys", "auth_key"), "forward needs none: keys stand in meters.json, beside fleet.json"
)

_GROUPS: Final = ("mqtt", "influxdb", "dlms", "mbus")


def unknown_option(name: str, known: Collection[str]) -> str:
    """Say what an option that there is not may have been meant for.

    Args:
        name: as it was entered.
        known: the names of the options of the same group.
    """
    plain = name.strip().lower().replace("-", "_")
    group, dot, inner = plain.partition(".")
    if dot and group in known and group in ("mqtt", "influxdb"):
        first = "host" if group == "mqtt" else "url"
        return f'there is no such option; wanted is a group, like "{group}": {{"{first}": "..."}}'
    if dot and group in _GROUPS:
        plain = inner
    if plain in known:
        return _meant(plain)
    names, said = _tables(known)
    if plain in said:
        return f"there is no such option; {said[plain]}"
    if plain in names:
        return _meant(names[plain])
    if near := nearest(plain, known):
        return _meant(near)
    return f"there is no such option; there are {', '.join(known)}"


def nearest(name: str, known: Collection[str]) -> str | None:
    """Give the name that somebody who misspelt one may have meant; None where none is like it."""
    import difflib  # noqa: PLC0415 - only for what is misspelt

    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def _meant(option: str) -> str:
    return f"there is no such option; did you mean {option}?"


def _tables(known: Collection[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Give the tables for a group, which is told by the options it has."""
    if "partitions" in known:
        return _IN_FLEET, {}
    if "spool" in known:
        return _IN_FORWARD, _WITHOUT_KEYS
    if "base_topic" in known:
        return _IN_MQTT, _IN_MQTT_SENTENCES
    if "topic" in known:
        return _IN_TOPICS, {}
    if "bucket" in known:
        return _IN_INFLUXDB, {}
    if "mqtt" in known:
        return _OF_A_METER | _OF_THE_PROGRAM, _SENTENCES
    # A fleet's meters have no line, and a forwarder's lines no key.
    options = {name: option for name, option in _OF_A_METER.items() if _first(option) in known}
    return options, {} if "key" in known else _WITHOUT_KEYS


def _first(text: str) -> str:
    return re.split(r"\W", text, maxsplit=1)[0]


# --- Meter types ---

_MAKES: Final = (
    ("landis|l ?[+&] ?g|gyr|lgz", ("e450", "e360", "e570", "zmf100")),
    ("iskra", ("am550", "ie5")),
    ("siemens", ("im350",)),
    ("kaifa|ma ?1[0-9]{2}|ma ?30[0-9]", ("kaifa", "kaifa-nordic")),
    ("sagem|t210|s210", ("sagemcom", "sagemcom-p1", "xt211")),
    ("honeywell|elster|hs ?3", ("honeywell",)),
    ("easymeter", ("q3d",)),
    ("aidon", ("aidon",)),
    ("kamstrup|omnipower", ("kamstrup",)),
    ("dsmr|esmr|smr|p1|msn|^[2-5](\\.[0-9])?[a-z]?$", ("dsmr", "dsmr2", "sagemcom-p1")),
)
"""How makes and models are called, with the meter types that there are of them."""

_OPERATORS: Final = re.compile(
    "burgenland|noe|nö|evn|wien|tinetz|tirol|ikb|vorarlberg|vkw|salzburg|steiermark|graz"
    "|klagenfurt|kelag|linz|kärnten|netz"
)


def meter_type(given: str, types: Collection[str]) -> str:
    """Say which meter types come into question for a make or an operator.

    Args:
        given: as it was entered.
        types: all that there are.

    Returns:
        What follows the sentence that refuses it; blank where nothing is known.
    """
    name = given.strip().lower()
    if _OPERATORS.search(name):
        return "; this is the name of an operator: take auto, which finds the type"
    for makes, of_make in _MAKES:
        found = [one for one in of_make if one in types]
        if found and re.search(makes, name):
            return f"; for this take {', '.join(found)} or auto, which finds the type"
    if near := nearest(name, types):
        return f"; did you mean {near}?"
    return "; auto finds the type"


# --- Something else in place of a group ---

LIKE: Final = '{"meter_type": "auto", "key": "..."}'
"""Options of the program for one household."""

_HOST: Final = re.compile(
    r"(?:mqtts?://)?(localhost|core-mosquitto|[\w-]+(?:\.[\w-]+)+)(?::([0-9]{1,5}))?/?",
    re.IGNORECASE,
)


def program_group(given: object) -> str:
    """Show how the options stand together."""
    if isinstance(given, list):
        return "; take the outer [ and ] away"
    return f", like {LIKE}"


def mqtt_group(given: object) -> str:
    """Show how the broker's address stands in its group."""
    match = _HOST.fullmatch(given.strip()) if isinstance(given, str) else None
    host, port = match.groups() if match else ("192.168.1.10", None)
    return f', like {{"host": "{host}"' + (f', "port": {port}}}' if port else "}")


def influxdb_group(given: object) -> str:  # noqa: ARG001 - an address can hold a token
    """Show how the database's address stands in its group."""
    return ', like {"url": "http://192.168.1.10:8086", "database": "smartmeter"}'


def meter_group(given: object) -> str:  # noqa: ARG001 - it can be a key
    """Show how a meter stands in its group."""
    return ', like {"url": "tcp://192.168.1.20:2010", "key": "..."}'


# --- A file that is no JSON ---

_WHOLE_TEXTS: Final = (
    (r"\Z", "the file is empty: wanted is JSON, like {like}"),
    (r'"\w+"\s*:', "put { before the first option and } behind the last"),
    (
        r"(?![{\[])(?s:.*\n)?\s*(- )?[\w.-]+\s*:(\s|\Z)",
        (
            "this is YAML: wanted is JSON, like {like}, with names and texts in double quotes and"
            " a comma between options"
        ),
    ),
    (
        r"(?![{\[])(?s:.*\n)?\s*[\w.-]+\s*=",
        (
            "these are lines with =: wanted is JSON, like {like}; variables belong into the"
            " environment"
        ),
    ),
)
"""What a text that is no JSON begins with, and what is to be said then; ``{like}`` is an example of
what is wanted."""

_QUOTED: Final = re.compile(r'"(\\.|[^"\\\n])*"')

_OUTSIDE_QUOTES: Final = (
    ("[\u201c\u201d\u201e\u00ab\u00bb]", 'there are typographic quotes: wanted are plain ones, "'),
    (r"[{,]\s*'|:\s*'", "names and texts stand in double quotes, not in single ones"),
    (r"//|/\*|(?m:^\s*#)", "JSON has no comments; take them out"),
    (r",\s*[}\]]", "there is a comma behind the last option, before } or ]; take it out"),
    (
        r"\b(True|False|None|yes|no|on|off)\b",
        "wanted is true or false, in small letters and without quotes",
    ),
    (r"[{,]\s*\w+\s*:", 'names of options stand in double quotes, like "key"'),
    (r'(""|\d|true|false|null|\}|\])\s*""\s*:', "there is a comma missing between two options"),
    (r":\s*(0[0-9]|0x|[0-9a-fA-F]*[a-fA-F][0-9a-fA-F]{5})", "a key stands in quotes"),
)
"""What is wrong with a text outside of the quotes in it, and what is to be said then."""


def no_json(text: str, like: str = LIKE) -> str:
    """Say what is likely wrong with a text that is no JSON.

    Args:
        text: it.
        like: an example of what is wanted.

    Returns:
        What follows the sentence that says where; blank where nothing is known.
    """
    return next((f"; {hint}".replace("{like}", like) for hint in _forms(text.strip())), "")


def _forms(text: str) -> Iterator[str]:
    yield from (hint for pattern, hint in _WHOLE_TEXTS if re.match(pattern, text))
    outside = _QUOTED.sub('""', text)
    if outside.count('"') % 2:
        yield "a text has no quotes at its end"
    yield from (hint for pattern, hint in _OUTSIDE_QUOTES if re.search(pattern, outside))
    for opening, closing in ("{}", "[]"):
        more = outside.count(opening) - outside.count(closing)
        if more:
            yield f"a {closing} is missing at the end" if more > 0 else f"one {closing} is too many"
