#!/bin/sh
# Builds Odradek if anything changed since the last build, and becomes it: ./your_program.sh [server.properties] [option...]
set -e
here=$(cd "$(dirname "$0")" && pwd)
program=$here/build/release/odradek
if [ ! -x "$program" ] || [ -n "$(find "$here/CMakeLists.txt" "$here/protocol" "$here/storage" \
        "$here/metadata" "$here/server" -newer "$program" -print -quit 2>/dev/null)" ]; then
    "$here/test/tools/build" release >&2
fi
exec "$program" "$@"
