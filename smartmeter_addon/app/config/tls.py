"""TLS to a server: the authorities to trust, and this client's certificate, from the options."""

import ssl
from collections.abc import Iterable
from pathlib import Path

from app.config import pem
from app.language.catalogue import Sentence, Text
from app.transport.explain import own_words


class TlsFileError(Exception):
    """A certificate or key cannot be used.

    Args:
        reason: why, and what to do.
    """

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


def trusting(ca: str | None, option: str, *, insecure: bool) -> "ssl.SSLContext":
    """Make the TLS context of a client that trusts some authorities.

    Args:
        ca: certificates of the authorities to trust, as PEM text or as the path of a file with it;
            None for those that are publicly trusted.
        option: the name of the option that gives them.
        insecure: whether to take any certificate.

    Raises:
        TlsFileError: the file is not there, or a certificate is not what it should be.
    """
    try:
        if ca and pem.is_pem(ca):
            context = ssl.create_default_context(cadata=ca)
        else:
            context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise unusable(option, [ca], error) from None
    if ca:
        # A private authority seldom sets every extension that Python 3.13 asks for.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def identify(context: "ssl.SSLContext", certificate: str, key: str | None, options: str) -> None:
    """Let a context name this client by a certificate.

    Args:
        context: of a client.
        certificate: as PEM text, or as the path of a file with it.
        key: that of the certificate, likewise.
        options: the names of the options that give them.

    Raises:
        TlsFileError: a file is not there, or one of them is not what it should be.
    """
    try:
        _load(context, certificate, key)
    except OSError as error:
        raise unusable(options, [certificate, key], error) from None


def _load(context: "ssl.SSLContext", certificate: str, key: str | None) -> None:
    import tempfile  # noqa: PLC0415 - few have a certificate of their own

    # OpenSSL takes these from files only. The folder is this user's alone, and gone at once.
    with tempfile.TemporaryDirectory(prefix="smartmeter-") as folder:

        def file(name: str, given: str) -> str:
            if not pem.is_pem(given):
                return given
            path = Path(folder, name)
            path.write_text(given, "ascii")
            return str(path)

        # Without a pass phrase given, OpenSSL would ask for one on the terminal.
        context.load_cert_chain(file("cert", certificate), key and file("key", key), password="")


def unusable(option: str, given: Iterable[str | None], error: OSError) -> TlsFileError:
    """Make the error that says why certificates or keys cannot be used.

    Args:
        option: the name of the option that gives them, or of several.
        given: PEM texts and paths.
        error: what OpenSSL or the system says.
    """
    no_pem = Sentence("tls_file.no_pem")
    why = no_pem if isinstance(error, ssl.SSLError) else own_words(error)
    entered = Sentence("tls_file.entered")
    shown: list[Text] = []
    for one in given:
        if one and (what := entered if pem.is_pem(one) else one) not in shown:
            shown.append(what)
    parameters = {"shown": _enumerated(shown), "why": why, "option": option}
    return TlsFileError(Sentence("tls_file.unusable", parameters))


def _enumerated(shown: list[Text]) -> Text:
    """Name one thing, or two."""
    one, *others = shown or [""]
    return Sentence("tls_file.both", {"one": one, "other": others[0]}) if others else one
