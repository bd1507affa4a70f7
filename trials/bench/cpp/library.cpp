// ESPHome's parser since 2026.6, a library: esphome-libs/dlms_parser.
//
// It is called as ESPHome's component dlms_meter calls it: with the default patterns, both keys, and
// for Netz NÖ the two patterns that the component adds for that operator.

#include "worker.h"

#include <dlms_parser/decryption/aes_128_gcm_decryptor_mbedtls.h>
#include <dlms_parser/dlms_parser.h>

struct Library {
  std::vector<float> numbers;

  explicit Library(std::string_view list) {
    parser_.set_decryption_key(*dlms_parser::Aes128GcmDecryptionKey::from_bytes(KEY));
    parser_.set_authentication_key(*dlms_parser::Aes128GcmAuthenticationKey::from_bytes(AUTH_KEY));
    parser_.load_default_patterns();
    if (is_netz_noe(list)) {
      parser_.register_pattern("MeterID", "L, TSTR", 0, std::array<uint8_t, 6>{0, 0, 96, 1, 0, 255});
      parser_.register_pattern("DateTime", "F, TDTM", 0, std::array<uint8_t, 6>{0, 0, 1, 0, 0, 255});
    }
  }

  void parse(const Telegram &telegram) {
    std::copy(telegram.begin(), telegram.end(), buffer_.begin());
    parser_.parse({buffer_.data(), telegram.size()}, [&](const char *, float value, const char *, bool is_numeric) {
      if (is_numeric) numbers.push_back(value);
    });
  }

 private:
  dlms_parser::Aes128GcmDecryptorMbedTls decryptor_;
  dlms_parser::DlmsParser parser_{&decryptor_};
  std::array<uint8_t, 2048> buffer_;  // in which the parser deciphers
};

int main(int count, char **arguments) { return work<Library>(count, arguments); }
