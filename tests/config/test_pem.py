"""Certificates and keys as text: in one line, in many, with blanks; and what is none."""

import base64
import re
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.config import pem
from tests.support.certificates import Certificates

BODY = base64.b64encode(bytes(range(90))).decode()
ONE = f"-----BEGIN CERTIFICATE-----\n{BODY[:64]}\n{BODY[64:]}\n-----END CERTIFICATE-----\n"
KEY = ONE.replace("CERTIFICATE", "EC PRIVATE KEY")


@pytest.mark.parametrize(
    "given",
    [
        ONE,
        ONE.strip(),
        ONE.replace("\n", ""),
        ONE.replace("\n", " "),
        ONE.replace("\n", "\r\n"),
        ONE.replace("\n", "\\n"),
        f"  {ONE.replace(chr(10), chr(10) + '    ')}",
        f"Certificate:\n    Data: Version 3\n{ONE}",
        f"-----BEGIN CERTIFICATE-----{BODY[:30]} {BODY[30:]}-----END CERTIFICATE-----",
    ],
)
def test_line_breaks_of_pem_text_may_be_lost_or_replaced(given: str) -> None:
    assert pem.is_pem(given)
    assert pem.certificates(given) == ONE
    assert pem.private_key(given.replace("CERTIFICATE", "EC PRIVATE KEY")) == KEY


def test_a_chain_of_certificates_stays_a_chain() -> None:
    assert pem.certificates((ONE + ONE).replace("\n", "")) == ONE + ONE


def test_the_parameters_that_openssl_writes_before_a_key_are_left_out() -> None:
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert pem.private_key(parameters + KEY) == KEY


@pytest.mark.parametrize("path", ["/ssl/ca.pem", "ca.pem", "BEGIN CERTIFICATE", ""])
def test_a_path_is_no_pem_text(path: str) -> None:
    assert not pem.is_pem(path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (ONE[:60], "damaged or cut"),
        (ONE + ONE[:60], "damaged or cut"),
        (ONE.replace(BODY[:64], BODY[:63]), "damaged or cut"),
        (ONE.replace(BODY[:4], "@@@@"), "damaged or cut"),
        (ONE.replace(f"{BODY[:64]}\n{BODY[64:]}\n", ""), "damaged or cut"),
        (KEY, "a private key is given (not shown); wanted is a certificate"),
        (ONE + KEY, "a private key is given (not shown); wanted is a certificate"),
        (ONE.replace("CERTIFICATE", "X509 CRL"), "PEM text with x509 crl is given"),
    ],
)
def test_what_is_no_certificate_is_refused_and_not_shown(given: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        pem.certificates(given)
    assert BODY[10:20] not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (ONE, "PEM text with certificate is given; wanted is one private key"),
        (KEY + KEY, "wanted is one private key"),
        (KEY[:60], "damaged or cut"),
        (KEY.replace("EC PRIVATE", "ENCRYPTED PRIVATE"), "with a pass phrase"),
        (KEY.replace("KEY-----\n", "KEY-----\nDEK-Info: AES-256-CBC,00\n", 1), "a pass phrase"),
    ],
)
def test_what_is_no_private_key_is_refused_and_not_shown(given: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        pem.private_key(given)
    assert BODY[10:20] not in str(caught.value)


def test_openssl_reads_a_real_certificate_and_key(certificates: Certificates) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    again = pem.private_key(key.decode().replace("\n", " "))
    assert serialization.load_pem_private_key(again.encode(), None) is not None
    given = Path(certificates.ca).read_text("ascii")
    assert pem.certificates(given.replace("\n", "")) == given
    assert ssl.create_default_context(cadata=pem.certificates(given)).cert_store_stats()["x509"]
