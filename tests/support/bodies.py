"""What stands in the bodies of data-notifications."""

from simulator import axdr
from simulator.axdr import Node
from simulator.meters import obis_bytes


def code(text: str) -> Node:
    return axdr.octet_string(obis_bytes(text))


def scaled(text: str, value: Node, scaler: int, unit: int) -> Node:
    return axdr.structure(code(text), value, axdr.structure(axdr.int8(scaler), axdr.enum(unit)))


def pair(text: str, value: Node) -> Node:
    return axdr.structure(code(text), value)


VOLTAGE = scaled("1-0:32.7.0", axdr.uint16(2337), -1, 35)
