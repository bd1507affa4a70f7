"""What gateways put around the bytes of a line."""

SER2NET = bytes.fromhex("fffb03fffd03fffb01fffe01fffd00fffb00")
"""What ser2net 4.3.11 begins with, as `telnet,tcp`."""

RFC2217 = SER2NET + bytes.fromhex("fffd2c")
"""The same as `telnet(rfc2217=true),tcp`."""

PYSERIAL = bytes.fromhex("fffb01fffb03fffd03fffb00fffd00fffb2cfffd2c")
"""What the server of pySerial's rfc2217 begins with."""

DEBIAN = b"\r\nser2net port 2001 device /dev/ttyUSB0 [2400E81,CLOCAL] (Debian GNU/Linux)\r\n\r\n"
"""The banner of the ser2net.yaml that Debian ships."""


def doubled(data: bytes) -> bytes:
    """Give bytes of a line as telnet sends them, and a terminal that marks errors."""
    return data.replace(b"\xff", b"\xff\xff")
