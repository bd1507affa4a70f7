// Stands for what ESPHome's component dlms_meter uses of ESPHome's core, on a computer in place of a
// chip: just as much as it calls.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

// So it deciphers by Mbed TLS, in place of PSA.
#define USE_ESP32
#define ESP_IDF_VERSION 5
#define ESP_IDF_VERSION_VAL(major, minor, patch) major

// Nothing is logged, and takes no time.
#define ESP_LOGE(...)
#define ESP_LOGW(...)
#define ESP_LOGI(...)
#define ESP_LOGV(...)
#define ESP_LOGCONFIG(...)
#define LOG_SENSOR(...)
#define LOG_TEXT_SENSOR(...)

// All sensors that a user can configure.
#define DLMS_METER_SENSOR_LIST(F, separator) \
  F(voltage_l1) F(voltage_l2) F(voltage_l3) \
  F(current_l1) F(current_l2) F(current_l3) \
  F(active_power_plus) F(active_power_minus) \
  F(active_energy_plus) F(active_energy_minus) \
  F(reactive_energy_plus) F(reactive_energy_minus) \
  F(power_factor)
#define DLMS_METER_TEXT_SENSOR_LIST(F, separator) F(timestamp) F(meternumber)
#define SUB_SENSOR(name) sensor::Sensor name##_; sensor::Sensor *name##_sensor_ = &name##_;
#define SUB_TEXT_SENSOR(name) text_sensor::TextSensor name##_; text_sensor::TextSensor *name##_text_sensor_ = &name##_;

namespace esphome {

struct Component {
  virtual void dump_config() {}
  virtual void loop() {}
  void status_clear_warning() {}
};

// Each look at the clock is later by more than the component waits for further bytes.
inline uint32_t millis() {
  static uint32_t now = 0;
  return now += 2000;
}

constexpr uint16_t encode_uint16(uint8_t high, uint8_t low) { return high << 8 | low; }
constexpr uint32_t encode_uint32(uint8_t first, uint8_t second, uint8_t third, uint8_t fourth) {
  return uint32_t(encode_uint16(first, second)) << 16 | encode_uint16(third, fourth);
}

inline float pow10_int(int8_t exponent) {
  float power = 1;
  for (int n = 0; n < std::abs(exponent); n++) power *= 10;
  return exponent < 0 ? 1 / power : power;
}

namespace uart {
struct UARTDevice {
  std::span<const uint8_t> waiting;

  size_t available() const { return waiting.size(); }
  bool read_array(uint8_t *to, size_t size) {
    std::copy_n(waiting.begin(), size, to);
    waiting = waiting.subspan(size);
    return true;
  }
};
}  // namespace uart

namespace sensor {
inline std::vector<float> published;
struct Sensor {
  void publish_state(float value) { published.push_back(value); }
};
}  // namespace sensor

namespace text_sensor {
struct TextSensor {
  std::string state;
  void publish_state(const char *text) { state = text; }
};
}  // namespace text_sensor

}  // namespace esphome
