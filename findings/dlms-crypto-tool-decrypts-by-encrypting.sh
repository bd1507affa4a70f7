#!/usr/bin/env bash
# dlms_crypto_tool decrypts a DLMS message by encrypting it, which adds 28 bytes to what was sent.
#
# Surprising: decrypt_apdu calls AES-GCM's encrypt. Since GCM encrypts by XOR, the message comes out
# in clear, as it should, and behind it come 28 bytes that no meter sent: the authentication tag of
# the meter, encrypted, and a tag of its own. Whoever reads a list to its end, or takes a reading
# from the end of a message, reads these. dlms-cosem gives the message as it was sent.
#
# dlms-crypto-tool 0.0.1 with cryptography 45.0.7, beside dlms-cosem 25.1.0. Seen on 2026-11-30.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    dlms-crypto-tool==0.0.1 cryptography==45.0.7 dlms-cosem==25.1.0

"$dir/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from dlms_cosem import security
from dlmscrypto.dlms_crypto_tool.dlms_crypto import decrypt_apdu

print(
    "dlms-crypto-tool {}, cryptography {}, dlms-cosem {}".format(
        *map(version, ("dlms-crypto-tool", "cryptography", "dlms-cosem"))
    )
)
TITLE, COUNTER = "4b464d1020000001", 7
KEY, AUTHENTICATION = "00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"
SENT = "c4018100" + "06000003e8"  # get-response-normal with 1000 Wh as double-long-unsigned
control = security.SecurityControlField(security_suite=0, authenticated=True, encrypted=True)

# as a meter does it with security suite 0: a tag of 12 bytes
iv = bytes.fromhex(TITLE) + COUNTER.to_bytes(4, "big")
cipher = Cipher(algorithms.AES(bytes.fromhex(KEY)), modes.GCM(iv, min_tag_length=12)).encryptor()
cipher.authenticate_additional_data(bytes([0x30]) + bytes.fromhex(AUTHENTICATION))
message = cipher.update(bytes.fromhex(SENT)) + cipher.finalize()
message += cipher.tag[:12]

here = decrypt_apdu(TITLE, f"{COUNTER:08x}", KEY, AUTHENTICATION, message.hex())
there = security.decrypt(
    security_control=control,
    system_title=bytes.fromhex(TITLE),
    invocation_counter=COUNTER,
    key=bytes.fromhex(KEY),
    cipher_text=message,
    auth_key=bytes.fromhex(AUTHENTICATION),
).hex()
print(f"sent: {SENT}")
print(f"dlms-crypto-tool: {here}, {len(here) // 2 - len(SENT) // 2} bytes behind it")
print(f"dlms-cosem: {there}")
sys.exit(not here.startswith(SENT) or len(here) != len(SENT) + 2 * 28 or there != SENT)
PYTHON
