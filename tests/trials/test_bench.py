"""The benchmarks run, with few telegrams and without libraries; no test looks at their times."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support import history
from tests.support.history import NotInCloneError
from trials.bench import __main__ as command
from trials.bench import esphome, files, floor, image, lists, many, workers
from trials.bench.contenders import CONTENDERS, DSMR5, KAIFA, TINETZ, NotReadError
from trials.bench.stages import STAGES

# Uses what stands for ESPHome's core as the component does; reads a telegram's size, and two bytes.
_COMPONENT_HEADER = """\
#include "esphome/core/component.h"
#include "esphome/components/uart/uart.h"

namespace esphome::dlms_meter {
enum { PROVIDER_GENERIC, PROVIDER_NETZNOE };
class DlmsMeterComponent : public Component, public uart::UARTDevice {
 public:
  void loop() override;
  void set_decryption_key(const std::array<uint8_t, 16> &) {}
  void set_provider(uint32_t provider) { provider_ = provider; }
  DLMS_METER_SENSOR_LIST(SUB_SENSOR, )
  DLMS_METER_TEXT_SENSOR_LIST(SUB_TEXT_SENSOR, )
 protected:
  std::vector<uint8_t> received_;
  uint32_t provider_;
};
}
"""
_COMPONENT = """\
#include "dlms_meter.h"
#include "esphome/core/log.h"

void esphome::dlms_meter::DlmsMeterComponent::loop() {
  uint32_t last_read = 0;
  uint8_t bytes[64];
  while (size_t size = std::min(available(), sizeof bytes)) {
    if (!read_array(bytes, size)) return;
    received_.insert(received_.end(), bytes, bytes + size);
    last_read = millis();
  }
  if (millis() - last_read <= 1000) return;
  if (provider_ == PROVIDER_NETZNOE) this->voltage_l1_sensor_->publish_state(received_.size());
  this->power_factor_sensor_->publish_state(encode_uint16(received_.front(), received_.back()));
  this->timestamp_text_sensor_->publish_state("text");
  received_.clear();
}
"""

_LIBRARY = """\
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace dlms_parser {
struct Key {
  static std::optional<Key> from_bytes(std::span<const uint8_t>) { return Key{}; }
};
using Aes128GcmDecryptionKey = Key;
using Aes128GcmAuthenticationKey = Key;
struct Aes128GcmDecryptorMbedTls {};
struct DlmsParser {
  explicit DlmsParser(Aes128GcmDecryptorMbedTls *) {}
  void set_decryption_key(Key) {}
  void set_authentication_key(Key) {}
  void load_default_patterns() {}
  void register_pattern(const char *, const char *, int, std::array<uint8_t, 6>) {}
  template <typename Take> void parse(std::span<uint8_t> telegram, const Take &take) {
    take("1.0.1.7.0.255", telegram.size(), "", true);
    take("0.0.96.1.0.255", 0, "text", false);
  }
};
}
"""


@pytest.fixture
def earlier() -> str:
    try:
        history.require(history.VERSION_0_1_0)
    except NotInCloneError as error:
        pytest.skip(str(error))
    return history.VERSION_0_1_0


@pytest.mark.parametrize("name", lists.LISTS)
def test_telegrams_move_and_are_read(name: str) -> None:
    telegrams, power = lists.moving(name, 30)
    assert all(one != other for one, other in pairwise(telegrams))
    for contender in ("readings", "decode"):
        reading = CONTENDERS[contender](name)
        assert workers.holds([*map(float, reading.numbers(reading.run(telegrams)))], power)


def test_telegrams_survive_their_file(tmp_path: Path) -> None:
    telegrams = [b"one", b"", bytes(300)]
    files.write(telegrams, tmp_path / "telegrams")
    assert files.read(tmp_path / "telegrams") == telegrams


def test_a_list_that_a_library_does_not_read_is_left_out() -> None:
    with pytest.raises(NotReadError, match="only"):
        CONTENDERS["dsmr-parser"](KAIFA)


def test_a_library_that_is_not_there_is_no_list_that_it_does_not_read() -> None:
    with pytest.raises(LookupError, match="dsmr_parser"):
        CONTENDERS["dsmr-parser"](DSMR5)


def test_peers_are_measured(capsys: pytest.CaptureFixture[str], earlier: str) -> None:
    arguments = f"peers --no-libraries --rounds 2 --telegrams 4 --from {earlier} --list"
    assert command.main([*arguments.split(), KAIFA]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith(f"| {KAIFA}")]
    figures = [cell.split()[0] for row in rows for cell in row.split("|")[2:-1]]
    assert len(figures) == 4
    assert all(float(figure) > 0 for figure in figures)


def test_programs_are_measured(capsys: pytest.CaptureFixture[str], earlier: str) -> None:
    arguments = "program --rounds 1 --telegrams 5 --warm-up 5 --minutes 0 --starts 1"
    assert command.main([*arguments.split(), "--from", earlier, "--list", DSMR5]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith(f"| {DSMR5}")]
    figures = [cell for row in rows for cell in row.split("|")[2:-1]]
    assert len(figures) == 12
    assert all(float(figure) > 0 for figure in figures)


def test_stages_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "stages --telegrams 5 --warm-up 5 --list"
    assert command.main([*arguments.split(), KAIFA]) == 0
    rows = [line.split("|")[1:3] for line in capsys.readouterr().out.splitlines() if "|" in line]
    figures = {what.strip(): cell for what, cell in rows[2:]}
    assert all(float(figures[stage]) > 0 for stage in STAGES.values())
    assert float(figures["functions called, those in C too"]) > 100


def test_many_meters_are_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many, "PACE", 0.1)
    assert command.main(["many", "--meters", "3", "--minutes", "0.01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = (line for line in lines if line.startswith("| 3 "))
    *figures, lost = (float(cell) for cell in row.split("|")[3:-1])
    assert all(figure > 0 for figure in figures[2:])
    assert lost == 0
    assert float(lines[-1].split()[-2]) > 0


def test_what_packages_take_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["floor", "--rounds", "1"]) == 0
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if line[:1] == "|"]
    sizes = {row[1].strip(): float(row[2]) for row in rows[2:]}
    assert [*sizes] == [*floor.IMPORTED]
    alone, packages, ciphering, late, *_ = sizes.values()
    assert alone < late < packages < ciphering


def test_a_program_is_run_as_its_image_runs_it() -> None:
    assert image.variables(history.ROOT / "smartmeter_addon")["PYTHONUNBUFFERED"] == "1"


@pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
@pytest.mark.parametrize(("name", "numbers"), [(KAIFA, [109.0, 0x016D]), (TINETZ, [0x016D])])
def test_the_parser_of_esphome_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, numbers: list[float]
) -> None:
    part = tmp_path / "esphome" / "components" / "dlms_meter"
    part.mkdir(parents=True)
    (part / "dlms_meter.h").write_text(_COMPONENT_HEADER)
    (part / "dlms_meter.cpp").write_text(_COMPONENT)
    monkeypatch.setattr(esphome, "_LIBRARIES", ())
    _check_timed(esphome.component(tmp_path, tmp_path), name, numbers, tmp_path)


@pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
def test_the_newer_parser_of_esphome_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = tmp_path / "src" / "dlms_parser"
    (headers / "decryption").mkdir(parents=True)
    (headers / "dlms_parser.h").write_text(_LIBRARY)
    (headers / "decryption" / "aes_128_gcm_decryptor_mbedtls.h").write_text("#pragma once\n")
    (headers / "decryption" / "aes_128_gcm_decryptor_bearssl.cpp").write_text("#error not this\n")
    monkeypatch.setattr(esphome, "_LIBRARIES", ())
    _check_timed(esphome.library(tmp_path, tmp_path), KAIFA, [109.0], tmp_path)


def _check_timed(program: Path, name: str, numbers: list[float], folder: Path) -> None:
    telegrams = folder / "telegrams"
    files.write([bytes(range(1, 101 + n)) for n in range(10)], telegrams)
    with workers.started((str(program), name, str(telegrams), "4")) as worker:
        assert worker.numbers() == numbers
        workers.take_turns([worker], 5)
    assert len(worker.figures) == 5
    assert all(figure > 0 for figure in worker.figures)


def test_without_a_compiler_esphome_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = f"peers --no-libraries --esphome {tmp_path} --rounds 1 --telegrams 1"
    assert command.main([*arguments.split(), "--from", str(history.ROOT), "--list", KAIFA]) == 0
    said = capsys.readouterr().out
    assert "ESPHome's parser is left out: it needs g++ " in said
    assert "dlms_parser" not in said
