// Times ESPHome's parser (esphome-libs/dlms_parser) as trials/bench/worker.py times the others:
//
//     esphome LIST FILE SIZE
//
// The parser is called as ESPHome's component dlms_meter calls it: with the default patterns, both
// keys, and for Netz NÖ the two patterns that the component adds for that operator.

#include <dlms_parser/decryption/aes_128_gcm_decryptor_mbedtls.h>
#include <dlms_parser/dlms_parser.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using Telegrams = std::vector<std::vector<uint8_t>>;

static Telegrams read(const char *path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> data((std::istreambuf_iterator<char>(file)), {});
  Telegrams telegrams;
  for (size_t pos = 0; pos < data.size();) {
    const size_t size = size_t(data[pos]) << 24 | data[pos + 1] << 16 | data[pos + 2] << 8 | data[pos + 3];
    pos += 4;
    telegrams.emplace_back(data.begin() + pos, data.begin() + pos + size);
    pos += size;
  }
  return telegrams;
}

static long long nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  const std::string list = arguments[1];
  const Telegrams telegrams = read(arguments[2]);
  const size_t size = std::strtoul(arguments[3], nullptr, 10);

  std::array<uint8_t, 16> key, auth_key;
  for (uint8_t n = 0; n < 16; n++) {
    key[n] = n;
    auth_key[n] = 0xD0 + n;
  }
  dlms_parser::Aes128GcmDecryptorMbedTls decryptor;
  dlms_parser::DlmsParser parser(&decryptor);
  parser.set_decryption_key(*dlms_parser::Aes128GcmDecryptionKey::from_bytes(key));
  parser.set_authentication_key(*dlms_parser::Aes128GcmAuthenticationKey::from_bytes(auth_key));
  parser.load_default_patterns();
  if (list.starts_with("Kaifa")) {
    parser.register_pattern("MeterID", "L, TSTR", 0, std::array<uint8_t, 6>{0, 0, 96, 1, 0, 255});
    parser.register_pattern("DateTime", "F, TDTM", 0, std::array<uint8_t, 6>{0, 0, 1, 0, 0, 255});
  }

  std::vector<float> numbers;
  const auto take = [&](const char *, float value, const char *, bool is_numeric) {
    if (is_numeric) numbers.push_back(value);
  };
  std::array<uint8_t, 2048> buffer;  // in which the parser deciphers
  const auto parse = [&](const std::vector<uint8_t> &telegram) {
    numbers.clear();
    std::copy(telegram.begin(), telegram.end(), buffer.begin());
    parser.parse({buffer.data(), telegram.size()}, take);
  };

  for (const auto &telegram : telegrams) parse(telegram);
  std::string said;
  for (const float number : numbers) said += (said.empty() ? "" : ", ") + std::to_string(number);
  std::printf("%s\n", numbers.empty() ? "null" : ("[" + said + "]").c_str());
  std::fflush(stdout);

  size_t begin = 0;
  for (int read; (read = std::getchar()) != EOF;) {
    if (read != '\n') continue;
    const long long started = nanoseconds();
    for (size_t n = begin; n < begin + size; n++) parse(telegrams[n]);
    std::printf("%lld\n", nanoseconds() - started);
    std::fflush(stdout);
    begin = begin + 2 * size > telegrams.size() ? 0 : begin + size;
  }
}
