"""Which source a target has."""

import pytest

from app.transport.recording_source import RecordingSource
from app.transport.serial_source import SerialSource
from app.transport.source import Source, source_for
from app.transport.tcp_source import TcpSource


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("tcp://192.168.1.20:2000", TcpSource),
        ("/dev/ttyUSB0", SerialSource),
        (None, SerialSource),
    ],
)
def test_each_kind_of_target_has_its_source(target: str | None, kind: type[Source]) -> None:
    assert type(source_for(target)) is kind


def test_a_target_that_is_neither_url_nor_path_is_rejected() -> None:
    with pytest.raises(ValueError, match="wanted is tcp://host:port"):
        source_for("somewhere")


def test_a_recording_is_a_source() -> None:
    source: Source = RecordingSource((), name="x.txt")
    source.framed()
