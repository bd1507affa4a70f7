"""The part of the dialogue about the MQTT broker: it ends with a login that worked."""

from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from app.config import checks
from app.config.options import (
    MQTT_PORT,
    MQTT_TLS_PORT,
    MqttOptions,
    OptionsError,
    parse,
)
from app.configure import raw
from app.configure.interview import Interview, Question, SetupError, yes_no
from app.configure.raw import Raw
from app.configure.steps import Ask, Form, LoggedIn, LogIn, Say, Steps
from app.meters.profile import AUTO
from app.mqtt.explain import Cause

ASKED: Final = frozenset({"host", "port", "username", "password", "tls", "ca"})
"""The options of the group ``mqtt`` that are asked about."""

_LOGIN: Final = frozenset({Cause.LOGIN_WANTED, Cause.LOGIN_WRONG})


_HOST_FLAG: Final = "--mqtt-host"
_PASSWORD_FLAG: Final = "--mqtt-password-file"  # noqa: S105 - no password


def require_answers(
    interview: Interview,
    given: Mapping[str, str],
    known: Mapping[str, Any],
    *,
    needs_broker: bool,
) -> None:
    """See to it that what is given about the broker goes together, before anything is tried.

    Of a script, also that it has said all: nobody can be asked later.

    Args:
        interview: asks.
        given: answers by the names of questions.
        known: the group ``mqtt`` in the file.
        needs_broker: whether the file sets no other output.

    Raises:
        SetupError: an answer is missing, or contradicts another one.
    """
    if given.get("mqtt_ca") and not _is_encrypted(given, known):
        raise SetupError(Say("given.ca_without_tls", {"flag": "--mqtt-ca", "tls": "--mqtt-tls"}), 2)
    if given.get("mqtt_host") == "" and needs_broker:
        raise SetupError(Say("given.no_output", {"flag": "--no-mqtt", "host": _HOST_FLAG}), 2)
    if not given.get("mqtt_host", raw.text_of(known, "host")):
        if _may_be_none(given, needs_broker=needs_broker):
            return
        if not interview.interactive:
            key = "given.broker_missing" if needs_broker else "given.missing"
            raise SetupError(Say(key, {"flag": _HOST_FLAG}), 2)
    user = raw.text_of(known, "username")
    chosen = given.get("mqtt_username", user)
    if chosen:
        kept = known.get("password") if chosen == user else ""
        interview.require("mqtt_password", _PASSWORD_FLAG, given, str(kept or ""))


def _is_encrypted(given: Mapping[str, str], known: Mapping[str, Any]) -> bool:
    return given["mqtt_tls"] == "yes" if "mqtt_tls" in given else known.get("tls") is True


def _may_be_none(given: Mapping[str, str], *, needs_broker: bool) -> bool:
    """Tell whether there may be no broker: what is said about one shows that one is wanted."""
    return not needs_broker and given.keys() <= {"mqtt_host"}


def ask_broker(
    interview: Interview,
    given: MutableMapping[str, str],
    known: Mapping[str, Any],
    *,
    needs_broker: bool,
) -> Steps[Raw]:
    """Ask about the broker until a login has worked, or there is none.

    Args:
        interview: asks.
        given: answers by the names of questions.
        known: the group ``mqtt`` in the file.
        needs_broker: whether the file sets no other output.

    Returns:
        The group, with the options that were not asked about.

    Raises:
        SetupError: see `Interview`.
    """
    group = dict(known)
    may_be_none = _may_be_none(given, needs_broker=needs_broker)
    login_only = False
    while True:
        if not login_only:
            host = yield from _ask_host(interview, given, group, may_be_none=may_be_none)
            if not host:
                yield Say("broker.none")
                return _without_broker(known)
            group["host"] = host
            yield from _ask_port(interview, given, group)
        yield from _ask_account(interview, given, group)
        broker = _options(group)
        result: LoggedIn = yield LogIn(broker)
        if not result.failed:
            break
        yield from interview.tell(_refusal(result, broker))
        login_only = result.cause in _LOGIN
        if login_only:
            raw.put(group, "password", "")
    yield Say("broker.fits", {"host": broker.host, "port": broker.port})
    for topic in result.unheard:
        beginning, _, _ = topic.partition("/")
        yield Say("broker.unheard", {"topic": topic, "filter": f"{beginning}/#"})
    return group


def _without_broker(known: Mapping[str, Any]) -> Raw:
    """Give the group without the broker in it; where there was none, it stays as it is."""
    if not raw.text_of(known, "host"):
        return dict(known)
    return {name: value for name, value in known.items() if name not in ASKED}


def _ask_host(
    interview: Interview,
    given: MutableMapping[str, str],
    group: Mapping[str, Any],
    *,
    may_be_none: bool,
) -> Steps[str]:
    """Ask for the broker's name or address; an empty answer is for no broker."""

    def parse(text: str) -> str:
        if may_be_none and not text:
            return ""
        return raw.checked(checks.host, _wanted(text))

    known = raw.text_of(group, "host")
    none = Say("enter.none") if may_be_none else None
    enter = known or ("" if may_be_none else None)
    question = Question(Ask("mqtt_host", enter=known or none), parse, _HOST_FLAG, enter)
    return (yield from interview.ask(question, given))


def _ask_port(interview: Interview, given: MutableMapping[str, str], group: Raw) -> Steps[None]:
    """Ask for the broker's port, and whether the connection is encrypted."""
    ca = given.pop("mqtt_ca", "")
    raw.put(group, "ca", ca or raw.text_of(group, "ca"))
    is_tls = group.get("tls") is True
    usual = str(group.get("port") or (MQTT_TLS_PORT if is_tls or ca else MQTT_PORT))
    port = Question(Ask("mqtt_port", enter=usual), raw.port, "--mqtt-port", usual)
    group["port"] = yield from interview.ask(port, given)
    # By its port, as hardly anybody has to be asked.
    if "mqtt_tls" in given or (group["port"] == MQTT_TLS_PORT and not is_tls):
        group["tls"] = yield from interview.ask(
            yes_no("mqtt_tls", "--mqtt-tls, --no-mqtt-tls", enter=True), given
        )


def _ask_account(interview: Interview, given: MutableMapping[str, str], group: Raw) -> Steps[None]:
    """Ask as whom to log in."""
    known = raw.text_of(group, "username")
    username = Question(
        Ask("mqtt_username", enter=known or Say("enter.none")),
        lambda text: raw.checked(checks.text("a user name"), text),
        "--mqtt-username",
        known,
    )
    name = yield from interview.ask(username, given)
    raw.put(group, "username", name)
    password = group.get("password") if name == known else None
    text = ""
    if name:
        question = Question(
            Ask(
                "mqtt_password",
                Form.SECRET,
                {"user": name},
                Say("enter.known") if password else None,
            ),
            lambda text: _password(_wanted(text)),
            _PASSWORD_FLAG,
            password if isinstance(password, str) and password else None,
        )
        text = yield from interview.ask(question, given)
    raw.put(group, "password", text)


def _options(group: Raw) -> MqttOptions:
    """Give the options of the group, checked as a whole.

    Raises:
        SetupError: some do not go together.
    """
    try:
        return parse({"mqtt": group}, [AUTO]).mqtt
    except OptionsError as error:
        raise SetupError(Say("options.wrong", {"problems": "; ".join(error.problems)})) from None


def _refusal(result: LoggedIn, broker: MqttOptions) -> Say:
    if result.cause is None:
        return Say("broker.other", {"reason": result.reason})
    parameters = {"host": broker.host, "port": broker.port, "words": result.words}
    return Say(f"broker.{result.cause.name.lower()}", parameters)


def _password(text: str) -> str:
    """Check a password, and leave it as it is, blanks included."""
    raw.checked(checks.password, text)
    return text


def _wanted(text: str) -> str:
    if not text:
        raise ValueError("an answer is wanted")
    return text
