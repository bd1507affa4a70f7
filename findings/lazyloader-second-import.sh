#!/usr/bin/env bash
# A module that importlib.util.LazyLoader is to load late is loaded when it is imported once more.
#
# Surprising: the documentation has the loader postpone the load "till the module has an attribute
# accessed". But `import ssl` itself reads an attribute of a module that is there already: __spec__,
# by which Python tells whether another thread is still loading it. So the module stays unloaded for
# as long as one module imports it, and asyncio, paho-mqtt and aiomqtt all import ssl. A stand-in of
# one's own does not have this: __getattr__ is called only for what is not there, and __spec__ is.
#
# CPython 3.11.7, 3.12.1 and 3.13.0. Seen on 2026-11-29.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"

"$dir/venv/bin/python" - <<'PYTHON'
import importlib.util
import platform
import sys

print(f"CPython {platform.python_version()}")

spec = importlib.util.find_spec("ssl")
spec.loader = importlib.util.LazyLoader(spec.loader)
module = importlib.util.module_from_spec(spec)
sys.modules["ssl"] = module
spec.loader.exec_module(module)
before = "_ssl" in sys.modules
import ssl

after = "_ssl" in sys.modules
print(f"loaded before it is imported again: {before}; after that, and not used: {after}")
sys.exit(0 if (before, after) == (False, True) else 1)
PYTHON
