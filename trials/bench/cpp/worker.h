// Times a parser in C++ as trials/bench/worker.py times one in Python; the arguments are the same:
//
//     PROGRAM LIST FILE SIZE
//
// A parser is made with the list's name. Its method `parse` reads a telegram, and leaves the numbers
// that it says in `numbers`: none where the parser does not read it.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

using Telegram = std::vector<uint8_t>;

// The keys of trials/bench/contenders.py.
inline std::array<uint8_t, 16> counted_from(uint8_t first) {
  std::array<uint8_t, 16> key;
  std::iota(key.begin(), key.end(), first);
  return key;
}
inline const auto KEY = counted_from(0);
inline const auto AUTH_KEY = counted_from(0xD0);

inline bool is_netz_noe(std::string_view list) { return list.ends_with("(Netz NÖ)"); }

inline std::vector<Telegram> read(const char *path) {
  std::ifstream file(path, std::ios::binary);
  const Telegram data((std::istreambuf_iterator<char>(file)), {});
  std::vector<Telegram> telegrams;
  for (size_t pos = 0; pos < data.size();) {
    const size_t size = size_t(data[pos]) << 24 | data[pos + 1] << 16 | data[pos + 2] << 8 | data[pos + 3];
    pos += 4;
    telegrams.emplace_back(data.begin() + pos, data.begin() + pos + size);
    pos += size;
  }
  return telegrams;
}

inline long long nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

template <typename Parser> int work(int count, char **arguments) {
  if (count != 4) return 2;
  Parser parser{std::string_view(arguments[1])};
  const auto telegrams = read(arguments[2]);
  const size_t size = std::strtoul(arguments[3], nullptr, 10);
  const auto parse = [&](const Telegram &telegram) {
    parser.numbers.clear();
    parser.parse(telegram);
  };

  for (const auto &telegram : telegrams) parse(telegram);
  std::string said;
  for (const float number : parser.numbers) said += (said.empty() ? "" : ", ") + std::to_string(number);
  std::printf("%s\n", said.empty() ? "null" : ("[" + said + "]").c_str());
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
  return 0;
}
