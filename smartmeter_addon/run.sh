#!/bin/sh
# Gives way to the program at once, so that signals and the exit status are the program's own.
# It needs nothing of the base image but Python; the Dockerfile's CMD brings the environment.
set -eu
cd "$(dirname "$0")"
exec python3 -m app run "$@"
