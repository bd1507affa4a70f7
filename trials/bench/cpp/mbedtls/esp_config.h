// On a chip, the settings of Mbed TLS. Here it adapts an earlier one to calls of version 3: Debian 12 has 2.28.

#pragma once

#include <mbedtls/gcm.h>
#include <mbedtls/version.h>

#if MBEDTLS_VERSION_MAJOR < 3
inline int mbedtls_gcm_starts(mbedtls_gcm_context *gcm, int mode, const unsigned char *iv, size_t size) {
  return mbedtls_gcm_starts(gcm, mode, iv, size, nullptr, 0);
}
inline int mbedtls_gcm_update(mbedtls_gcm_context *gcm, const unsigned char *input, size_t size,
                              unsigned char *output, size_t, size_t *written) {
  *written = size;
  return mbedtls_gcm_update(gcm, size, input, output);
}
#endif
