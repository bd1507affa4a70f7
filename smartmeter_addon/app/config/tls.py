"""TLS to a server: the authorities to trust, as the options give them."""

import ssl
from collections.abc import Iterable

from app.config import pem
from app.transport.explain import own_words


class TlsFileError(Exception):
    """A certificate or key cannot be used; the text is a plain sentence."""


def trusting(ca: str | None, option: str, *, insecure: bool) -> ssl.SSLContext:
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


def unusable(option: str, given: Iterable[str | None], error: OSError) -> TlsFileError:
    """Make the error that says why certificates or keys cannot be used.

    Args:
        option: the name of the option that gives them, or of several.
        given: PEM texts and paths.
        error: what OpenSSL or the system says.
    """
    why = "it holds no PEM text that fits" if isinstance(error, ssl.SSLError) else own_words(error)
    shown = dict.fromkeys("the text entered" if pem.is_pem(one) else one for one in given if one)
    return TlsFileError(f"{' and '.join(shown)} cannot be used ({why}); check the option {option}")
