"""Certificates of an authority, a server and a client, made for the tests."""

import datetime as dt
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """The files of a certificate authority made at home, and of two it has signed for."""

    ca: str
    server: tuple[str, str]
    client: tuple[str, str]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    directory = tmp_path_factory.mktemp("certificates")
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Home")])
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    end = begin + dt.timedelta(days=3)

    def make(name: str, *, authority: bool = False) -> tuple[str, str]:
        key = ca_key if authority else ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(ca_name if authority else subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
        )
        if authority:
            constraint = x509.BasicConstraints(ca=True, path_length=None)
            builder = builder.add_extension(constraint, critical=True)
        else:
            address = x509.IPAddress(IPv4Address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        certificate = builder.sign(ca_key, hashes.SHA256())
        paths = directory / f"{name}.pem", directory / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return str(paths[0]), str(paths[1])

    return Certificates(make("ca", authority=True)[0], make("server"), make("client"))


def text(path: str) -> str:
    """Give the PEM text of a file."""
    return Path(path).read_text("ascii")
