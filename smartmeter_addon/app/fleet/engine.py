"""The connection to the engine, with nats-py; only this module and `client` know that package.

What is asked is answered in any case: by the server, or after some seconds by nobody.
"""

import asyncio
import contextlib
import errno
import json
import logging
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from itertools import count
from time import monotonic
from typing import Any, Final, NamedTuple

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from app.config import tls
from app.config.redaction import plain
from app.fleet.client import EngineClient, NoTlsError
from app.fleet.engine_options import EngineOptions
from app.fleet.message import NOBODY, Message, described, refusal
from app.fleet.outage import Outage
from app.transport.explain import error_number, own_words

ANSWER_SECONDS: Final = 3.0
"""In which an answer has to come."""

NOT_FOUND: Final = frozenset({10014, 10059})
"""Errors for a consumer and for a stream that there is not."""

TURN_SECONDS: Final = 0.05
"""After which whatever takes messages lets others have a turn."""

_NOT_LET_IN: Final = "it does not let this program in; see username and password"
_OF_ANOTHER: Final = frozenset({62, 64})
"""OpenSSL's codes for a certificate of another host name or IP address (``x509_vfy.h``)."""

_FORBIDDEN: Final = re.compile(r'permissions violation for (publish|subscription) to "?([^" ]*)')
"""What a server says, as nats-py gives it."""

_RECONNECT_SECONDS: Final = 1
_PING_SECONDS: Final = 5
_logger: Final = logging.getLogger(__name__)

OnAnswer = Callable[[Message | None], Awaitable[None]]
"""Takes an answer, or None where none came in time."""


class EngineError(Exception):
    """The engine cannot do what is asked of it; a plain sentence.

    Args:
        sentence: why.
        code: of the JetStream API; 0 for none.
    """

    def __init__(self, sentence: str, code: int = 0) -> None:
        super().__init__(sentence)
        self.code = code


class _Asked(NamedTuple):
    """A question that waits for its answer: until when, who takes it, and of what it is asked."""

    until: float
    on_answer: OnAnswer
    of: str


class Inbox:
    """A subject of one's own, at which messages are taken until it is closed."""

    def __init__(self, subject: str, subscription: Subscription) -> None:
        self.subject = subject
        self._subscription = subscription

    async def close(self) -> None:
        """Take no more."""
        with contextlib.suppress(nats.errors.Error):
            await self._subscription.unsubscribe()


class Engine:
    """A connection to the engine; `connect` makes it.

    Args:
        client: connected.
        narrator: tells of the connection.
    """

    def __init__(self, client: EngineClient, narrator: "_Narrator") -> None:
        self._client = client
        self._narrator = narrator
        self._tokens = count(1)
        self._prefix = client.new_inbox()
        self._asked: dict[str, _Asked] = {}
        self.outage = Outage()
        """Tells where the engine does not work."""
        self._turn = monotonic()  # when others had one last

    @classmethod
    async def connect(
        cls, options: EngineOptions, name: str, *, patient: bool = False, own_inboxes: bool = False
    ) -> "Engine":
        """Connect; a connection that is lost later is made again for as long as it takes.

        Args:
            options: where to.
            name: of this client, for what the server shows of its clients.
            patient: whether to wait for a server for as long as it takes.
            own_inboxes: whether inboxes begin with the user's name, ``_INBOX_<username>``, so that
                the server can keep others from listening at them.

        Raises:
            EngineError: there is no server that lets this program in.
            TlsFileError: a certificate or key cannot be used.
        """
        narrator = _Narrator()
        prefix = f"_INBOX_{options.username}" if own_inboxes and options.username else "_INBOX"
        password = None if options.password is None else plain(options.password)
        client = EngineClient()
        try:
            async with asyncio.timeout(None if patient else 2 * ANSWER_SECONDS):
                await client.connect(
                    servers=list(options.servers),
                    name=name,
                    user=options.username,
                    password=password,
                    tls=tls_context(options),
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=_RECONNECT_SECONDS,
                    connect_timeout=int(ANSWER_SECONDS),
                    ping_interval=_PING_SECONDS,
                    error_cb=narrator.error,
                    disconnected_cb=narrator.disconnected,
                    reconnected_cb=narrator.reconnected,
                    inbox_prefix=prefix,
                    skip_subject_validation=True,
                )
        except (nats.errors.Error, OSError, TimeoutError):
            why = narrator.last or "it does not answer"
            raise EngineError(f"there is no connection to the engine: {why}") from None
        engine = cls(client, narrator)
        await client.subscribe(f"{engine._prefix}.*", cb=engine._take_answer)
        return engine

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._client.is_connected

    @property
    def version(self) -> tuple[int, int] | None:
        """The first two numbers of the server's version; None where it does not say."""
        found = self._client.connected_server_version
        try:
            return found.major, found.minor
        except ValueError:
            return None

    async def publish(
        self,
        subject: str,
        data: bytes = b"",
        *,
        reply: str = "",
        headers: dict[str, str] | None = None,
    ) -> bool:
        """Send a message; tell whether it could be sent."""
        try:
            await self._client.publish(subject, data, reply, headers)
        except nats.errors.Error:  # the connection is gone, and there is no room to wait
            return False
        return True

    async def ask(
        self,
        subject: str,
        data: bytes,
        on_answer: OnAnswer,
        headers: dict[str, str] | None = None,
        *,
        of: str = "",
    ) -> None:
        """Ask, and have the answer taken when it comes; `expire` ends the waiting.

        Args:
            subject: at which it is asked.
            data: what is said.
            on_answer: takes the answer.
            headers: of the message.
            of: what it is asked of, where `outage` is to tell that this is in vain.
        """
        token = str(next(self._tokens))
        self._asked[token] = _Asked(monotonic() + ANSWER_SECONDS, on_answer, of)
        if of:
            self.outage.asked(of)
        sent = await self.publish(subject, data, reply=f"{self._prefix}.{token}", headers=headers)
        if not sent:
            # Not at once, or who tries again at once would do so for ever.
            self._asked[token] = _Asked(monotonic(), on_answer, of)

    async def expire(self) -> None:
        """Tell those that nobody answered in time; to be called several times a second."""
        now = monotonic()
        for token in [token for token, asked in self._asked.items() if asked.until <= now]:
            await self._answer(token, None)
        self.outage.look(is_connected=self.is_connected)

    async def inbox(self, take: Callable[[Message], Awaitable[None]]) -> Inbox:
        """Open an inbox."""
        return await self.listen(self._client.new_inbox(), take)

    async def listen(self, subject: str, take: Callable[[Message], Awaitable[None]]) -> Inbox:
        """Take what is sent to a subject."""

        async def taken(message: Msg) -> None:
            await take(_message(message))
            await self._let_others()

        return Inbox(subject, await self._client.subscribe(subject, cb=taken))

    async def request(self, subject: str, data: bytes = b"") -> Message:
        """Ask and wait for the answer.

        Raises:
            EngineError: there is none.
        """
        answered: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()

        async def take(message: Message | None) -> None:
            if not answered.done():
                answered.set_result(message)

        await self.ask(subject, data, take)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                message = await answered
        except TimeoutError:
            message = None
        if message is None or message.status == NOBODY:
            raise EngineError(
                "the engine does not answer; is JetStream enabled, and do most of its servers run?"
            )
        return message

    async def api(self, call: str, request: object = None) -> dict[str, Any]:
        """Call the JetStream API.

        Args:
            call: what stands behind ``$JS.API.``.
            request: a JSON value; None for none.

        Raises:
            EngineError: there is no answer, or it is an error.
        """
        data = b"" if request is None else json.dumps(request).encode()
        message = await self.request(f"$JS.API.{call}", data)
        answer = json.loads(message.data)
        if error := answer.get("error"):
            raise EngineError(f"the engine refuses: {described(error)}", error.get("err_code", 0))
        return dict(answer)

    async def close(self) -> None:
        """Send what is under way, and close the connection."""
        if self._client.is_connected:
            with contextlib.suppress(TimeoutError, nats.errors.Error):
                await self._client.flush(timeout=int(ANSWER_SECONDS))
        self._narrator.closing = asyncio.current_task()
        # A connection that is being lost or made has nothing to say about that.
        with contextlib.suppress(OSError, TimeoutError, nats.errors.Error):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._client.close()

    async def _take_answer(self, message: Msg) -> None:
        await self._answer(message.subject.rpartition(".")[2], _message(message))
        await self._let_others()

    async def _answer(self, token: str, message: Message | None) -> None:
        """Have an answer taken, unless there was one."""
        if asked := self._asked.pop(token, None):
            if asked.of:
                self.outage.answered(asked.of, refusal(message))
            await asked.on_answer(message)

    async def _let_others(self) -> None:
        """Let others have a turn now and then.

        What has come already nats-py gives without one, however long it takes to read it: then no
        partition would be pulled meanwhile, and the server would give all of them to others.
        """
        if monotonic() - self._turn > TURN_SECONDS:
            await asyncio.sleep(0)
            self._turn = monotonic()


class _Narrator:
    """Tells the log what becomes of the connection, each thing once."""

    def __init__(self) -> None:
        self.last = ""
        """What was wrong last; not what follows from not being let in."""
        self.closing: asyncio.Task[Any] | None = None
        """The task that ends the connection; None while none does."""

    async def error(self, error: Exception) -> None:
        """Take an error, of the connection or of what took a message.

        Raises:
            CancelledError: the connection is to end, which nats-py may miss while it connects.
        """
        if self.closing and asyncio.current_task() is not self.closing:
            raise asyncio.CancelledError
        if not isinstance(error, nats.errors.Error | OSError | TimeoutError):
            _logger.error("a mistake in this program; please report this", exc_info=error)
            return
        sentence = _sentence(error)
        if sentence != self.last:
            _logger.warning("the engine: %s", sentence)
        if self.last != _NOT_LET_IN:
            self.last = sentence

    async def disconnected(self) -> None:
        """Take that the connection is lost."""
        if not self.closing:
            _logger.warning("the connection to the engine is lost; connecting again")

    async def reconnected(self) -> None:
        """Take that the connection was made again."""
        self.last = ""
        _logger.info("connected to the engine again")


def tls_context(options: EngineOptions) -> ssl.SSLContext | None:
    """Make the TLS context; None where nothing asks for TLS, which the server still may.

    Raises:
        TlsFileError: a certificate or key cannot be used.
    """
    wanted = options.ca or options.client_cert or options.tls_insecure
    if not wanted and not any(one.startswith("tls:") for one in options.servers):
        return None
    context = tls.trusting(options.ca, "ca", insecure=options.tls_insecure)
    if options.client_cert:
        tls.identify(context, options.client_cert, options.client_key, "client_cert and client_key")
    return context


def _message(message: Msg) -> Message:
    return Message(message.subject, message.reply, message.data, message.headers or {})


def _sentence(error: Exception) -> str:
    """Say what is wrong with the connection."""
    if isinstance(error, NoTlsError):
        return str(error)
    text = str(error).removeprefix("nats: ").strip("'\" ").lower()
    if "authorization" in text or "authentication" in text:
        return _NOT_LET_IN
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OF_ANOTHER:
            why = error.verify_message.rstrip(".")
            return f"its certificate is one of another address ({why}); see servers"
        return f"its certificate is not trusted ({error.verify_message}); see ca"
    if isinstance(error, OSError):
        return _of_network(error)
    if forbidden := _FORBIDDEN.search(text):
        to = "publish to" if forbidden[1] == "publish" else "listen at"
        return (
            f'this user may not {to} "{forbidden[2]}" (in small letters here); see its permissions'
            " at the servers"
        )
    if "info message" in text:
        return f"what answers is no NATS server, or it hangs up ({text}); see servers"
    return text or type(error).__name__


def _of_network(error: OSError) -> str:
    words = str(own_words(error))
    if isinstance(error, socket.gaierror):
        return f"the name of a server is not known in the network ({words}); see servers"
    if error_number(error) == errno.ECONNREFUSED:
        return f"a server refuses the connection ({words}); see whether it runs, and servers"
    return words
