// ESPHome's parser up to 2026.5, in its component dlms_meter.
//
// Called as ESPHome's main loop calls it when all bytes of a telegram wait at the UART.

#include "worker.h"

#include "dlms_meter/dlms_meter.h"

struct Component : private esphome::dlms_meter::DlmsMeterComponent {
  std::vector<float> &numbers = esphome::sensor::published;

  explicit Component(std::string_view list) {
    using namespace esphome::dlms_meter;
    set_decryption_key(KEY);
    set_provider(is_netz_noe(list) ? PROVIDER_NETZNOE : PROVIDER_GENERIC);
  }

  void parse(const Telegram &telegram) {
    waiting = telegram;
    loop();
  }
};

int main(int count, char **arguments) { return work<Component>(count, arguments); }
