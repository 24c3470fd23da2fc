#!/bin/sh
# Builds Odradek if anything changed since the last build, and becomes it: ./your_program.sh [server.properties] [option...]
set -e
here=$(dirname "$(readlink -f "$0")")
program=$here/build/release/odradek
built=$here/build/release/built # test/tools/build leaves it

is_up_to_date() {
    [ -x "$program" ] && [ -e "$built" ] && [ -z "$(find "$here/CMakeLists.txt" "$here/CMakePresets.json" "$here/protocol" \
        "$here/storage" "$here/metadata" "$here/server" -newer "$built" -print -quit)" ]
}

if ! is_up_to_date; then
    if [ -x "$program" ] && [ ! -w "$here/build/release" ]; then
        echo 'odradek: the sources are newer, but build/release cannot be written: this is the last build' >&2
    else
        "$here/test/tools/build" release >&2 || { echo 'odradek: the build has failed, see above' >&2; exit 1; }
    fi
fi
exec "$program" "$@"
