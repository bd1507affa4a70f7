"""nats-py's client where it would stop to read, stop for good, or send a password in the clear."""

from typing import Any, Final

import nats.errors
from nats.aio.client import Client

_PERMISSIONS: Final = "permissions violation"


class NoTlsError(nats.errors.Error):
    """A server that does not ask for TLS where the options do."""

    def __init__(self) -> None:
        super().__init__("it does not ask for TLS, as the options do")


class EngineClient(Client):
    """A client that no message and no error of a server ends.

    It changes methods that nats-py keeps for itself, so a new version of that package is tried with
    the tests of this module before it is taken.
    """

    def _connect_command(self) -> bytes:
        """Send user name and password only over TLS, where that is asked for.

        nats-py itself goes on without TLS when whoever answers does not ask for it.

        Raises:
            NoTlsError: the server does not ask for it.
        """
        if "tls" in self.options and not self._server_info.get("tls_required"):
            raise NoTlsError
        transport: Any = self._transport
        # Those of asyncio in Python 3.13 fail where the connection is lost, instead of saying so.
        transport.writelines = lambda lines: transport.write(b"".join(lines))
        writer = getattr(transport, "_io_writer", None)
        if writer and writer.get_extra_info("sslcontext"):
            # nats-py leaves that out when it changes to TLS, and asyncio warns at the end then.
            writer.transport.get_protocol().connection_made(writer.transport)
        return super()._connect_command()

    async def _process_err(self, err_msg: str) -> None:
        """Connect again after an error, such as that the user's password was changed.

        nats-py itself would close the connection for good.
        """
        if _PERMISSIONS in err_msg:
            await super()._process_err(err_msg)
            return
        error = nats.errors.Error(f"nats: {err_msg.strip()}")
        await self._error_cb(error)
        await self._process_op_err(error)

    async def _process_headers(self, headers: Any) -> dict[str, str] | None:  # noqa: ANN401 - nats-py has no type
        """Take headers that are none as no headers."""
        try:
            found: dict[str, str] | None = await super()._process_headers(headers)
        except (IndexError, ValueError):
            return None
        return found

    def _build_message(
        self,
        sid: int,
        subject: bytes,
        reply: bytes,
        data: bytes,
        headers: dict[str, str] | None,
    ) -> Any:  # noqa: ANN401 - nats-py has no type
        """Take a subject that is no text as one with marks in its place."""
        return super()._build_message(sid, _text(subject), _text(reply), data, headers)


def _text(subject: bytes) -> bytes:
    return subject if subject.isascii() else subject.decode(errors="replace").encode()
