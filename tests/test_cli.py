"""The table of commands, and which one is run."""

import pytest

from app import cli
from simulator.ciphering import KEY


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    """Exit status, standard output and standard error of a command line that ends at once."""
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return end.value.code, *capsys.readouterr()


@pytest.mark.parametrize("arguments", [["--options"], ["run", "--options"]])
def test_without_a_command_the_program_runs(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = ended(capsys, *arguments)
    assert (status, out) == (2, "")
    assert "usage: python3 -m app run" in err
    assert "argument --options: expected one argument" in err


@pytest.mark.parametrize("command", ["log", "lisen", KEY.hex()])
@pytest.mark.parametrize("more", [[], ["--help"], ["--options", "options.json"]])
def test_a_command_that_does_not_exist_is_wrong_usage(
    command: str, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The log of a service is shown by the shell script ``smartmeter`` alone."""
    status, out, err = ended(capsys, command, *more)
    assert (status, out) == (2, "")
    assert err.endswith("error: there is no such command; see --help\n")
    assert command not in err
