# Sourced first by every scenario: the clients and tools it needs, a broker of its own, a directory to work in.
#
#   INTEROP_BOOTSTRAP    use the broker that runs there instead of starting one (also: the scenario's only argument)
#   INTEROP_SUBJECT      what starts and stops the broker under test (./odradek; ../tools/apache-kafka/kafka tests the tests)
#   INTEROP_BUILD        where clients are built and packages installed (build/interop)
#   INTEROP_COUNT        records for each topic (100000)
#   INTEROP_TIMEOUT      seconds until all is ended (280)
#   INTEROP_KEEP         if not empty, the working directory stays
# shellcheck shell=bash disable=SC2034  # what is set here is used by the scenarios

set -euo pipefail
[ -n "${INTEROP_TIMED:-}" ] || INTEROP_TIMED=yes exec timeout -k 10 "${INTEROP_TIMEOUT:-280}" "$0" "$@"
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clients=$here/clients
kafka=$here/../tools/apache-kafka/kafka
subject=${INTEROP_SUBJECT:-$here/odradek}
build=${INTEROP_BUILD:-$here/../../build/interop}
count=${INTEROP_COUNT:-100000}
codecs=(none gzip snappy lz4 zstd)
kinds=("${codecs[@]}" idempotent acks-1 acks-0)
work=$(mktemp -d "${TMPDIR:-/tmp}/odradek-interop.XXXXXX")
declare -A started_by=()   # directory of a running node: the script that started it

say() { printf '== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
skip() { printf 'SKIPPED: %s\n' "$*"; exit 77; }

# ---- nodes ----------------------------------------------------------------------------------------------------------

# A port below those that the system gives to clients, free now and locked until the scenario's processes are gone.
free_port() {   # sets $port
    local locks=${TMPDIR:-/tmp}/odradek-interop-ports lock
    mkdir -p "$locks"
    for _ in {1..500}; do
        port=$((21000 + RANDOM % 1000))
        exec {lock}> "$locks/$port"
        if flock -n "$lock" && ! (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null &&
            ! (: < "/dev/tcp/127.0.0.1/$((port + 10000))") 2> /dev/null; then return; fi
        exec {lock}>&-
    done
    fail "no free port"
}

start() {   # SCRIPT DIR PORT [KEY=VALUE...]
    started_by[$2]=$1
    "$1" start "${@:2}"
}

stop() {   # DIR
    local script=${started_by[$1]}
    unset "started_by[$1]"
    "$script" stop "$1"
}

# shellcheck disable=SC2120  # most scenarios need no settings
# Sets $bootstrap: the running broker that the scenario was pointed at, or a fresh one with these settings.
broker() {   # [KEY=VALUE...]
    bootstrap=${INTEROP_BOOTSTRAP:-}
    [ -z "$bootstrap" ] || return 0
    free_port
    bootstrap=127.0.0.1:$port
    own_broker=("$work/broker" "$port" "$@")   # what `start` is told
    start "$subject" "${own_broker[@]}"
}

# That broker ends, with SIGTERM or SIGKILL, and comes back as it was.
restart() {   # stop | kill
    [ -z "$INTEROP_BOOTSTRAP" ] || skip "the broker is not ours to restart"
    "$subject" "$1" "${own_broker[0]}"
    start "$subject" "${own_broker[@]}"
}

# What an Apache Kafka node said that it does not say on every start. Two warnings come always; now and then the controller
# meets a registration while it is still becoming active, says so as an error, and the registration comes again. And it complains of
# a slow machine. A broker that was killed was not told that it leads no more: it begins to read its groups, learns that it is fenced,
# says that it stops, and reads again.
complained() {   # LOG [killed]
    local after_kill=()
    [ "${2:-}" != killed ] || after_kill=(-e 'ERROR .*CoordinatorRuntime - .* Failed to load metadata from .* due to Stopped loading records'
        -e 'ERROR .*CoordinatorRuntime - .* is out of sync with the underlying log')
    grep -E ' (WARN|ERROR|FATAL) ' "$1" |
        grep -v -e 'Performing controller activation' -e 'NetworkClient that has already been closed' \
            -e 'ERROR kafka.server.ControllerApis .*(apiKey=CONTROLLER_REGISTRATION,' \
            -e 'Auto topic creation failed for .* already exists' \
            -e 'Exceptionally slow controller event' "${after_kill[@]}"
}

show_logs() {
    local log
    for log in "$work"/*/server.log; do
        [ -e "$log" ] || continue
        printf -- '---- the end of %s\n' "$log" >&2
        grep -v ' INFO \|^[[:space:]]\|^$' "$log" | tail -15 >&2 || true
    done
}

finish() {
    local status=$? dir
    trap - EXIT
    ! declare -F clean_up > /dev/null || clean_up   # what a scenario started otherwise
    for dir in "${!started_by[@]}"; do
        if [ "$status" = 0 ]; then stop "$dir" || status=1; else "${started_by[$dir]}" kill "$dir" 2> /dev/null || true; fi
    done
    [ "$status" = 0 ] || [ "$status" = 77 ] || show_logs
    if [ -n "${INTEROP_KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
    exit "$status"
}
trap finish EXIT
INTEROP_BOOTSTRAP=${1:-${INTEROP_BOOTSTRAP:-}}

# ---- clients --------------------------------------------------------------------------------------------------------

# need NAME...: sets the array $NAME to the command that runs this client, or ends the scenario as skipped.
need() {
    local name
    mkdir -p "$build"
    for name; do "need_$name"; done
}

program() { command -v "$1" > /dev/null || skip "$1 is missing (Debian: $2)"; }

# once NAME VERSION FUNCTION: makes $build/NAME by FUNCTION unless that was done for this VERSION.
once() {
    (
        flock 9
        [ "$(cat "$build/$1.version" 2> /dev/null)" != "$2" ] || exit 0
        "$3" > "$build/$1.log" 2>&1 || { status=$?; tail -5 "$build/$1.log" >&2; exit "$status"; }
        printf %s "$2" > "$build/$1.version"
    ) 9> "$build/$1.lock"
}

need_kcat() {
    program kcat kcat
    kcat=(timeout 60 kcat -q)
}

need_text() {   # what the command line clients read and write
    program python3 python3
    text=(python3 "$clients/text.py")
}

build_rdkafka() {
    local libraries
    read -ra libraries <<< "$(pkg-config --cflags --libs rdkafka)"
    cc -std=gnu11 -O2 -Wall -Wextra "$clients/rdkafka.c" "$clients/client.c" "$clients/records.c" -o "$build/rdkafka" "${libraries[@]}"
}

need_rdkafka() {   # ctest says where CMake built it
    rdkafka=("${INTEROP_RDKAFKA:-$build/rdkafka}")
    [ -z "${INTEROP_RDKAFKA:-}" ] || return 0
    program cc gcc
    pkg-config --exists rdkafka 2> /dev/null || skip "librdkafka is missing (Debian: librdkafka-dev, pkg-config)"
    once rdkafka "$(cat "$clients"/*.[ch] | cksum)" build_rdkafka
}

build_load() {
    local libraries
    read -ra libraries <<< "$(pkg-config --cflags --libs rdkafka)"
    cc -std=gnu11 -O2 -Wall -Wextra "$here"/../history/{load,produce,churn,read,journal}.c "$clients/client.c" -o "$build/load" "${libraries[@]}" -lpthread
}

need_load() {   # see ../history
    load=("${INTEROP_LOAD:-$build/load}")
    [ -z "${INTEROP_LOAD:-}" ] || return 0
    program cc gcc
    pkg-config --exists rdkafka 2> /dev/null || skip "librdkafka is missing (Debian: librdkafka-dev, pkg-config)"
    once load "$(cat "$here"/../history/*.[ch] "$clients"/client.[ch] | cksum)" build_load
}

build_disk() {
    local libraries
    read -ra libraries <<< "$(pkg-config --cflags --libs fuse3)"
    cc -std=gnu11 -O2 -Wall -Wextra "$here/../history/disk.c" -o "$build/disk" "${libraries[@]}"
}

need_disk() {   # see ../history
    disk=("$build/disk")
    program cc gcc
    pkg-config --exists fuse3 2> /dev/null || skip "FUSE is missing (Debian: libfuse3-dev, fuse3, pkg-config)"
    once disk "$(cksum < "$here/../history/disk.c")" build_disk
}

build_python() {
    python3 -m venv --clear "$build/python" && "$build/python/bin/pip" install -r "$clients/requirements.txt"
}

need_python() {
    program python3 python3
    once python "$(cksum < "$clients/requirements.txt")" build_python ||
        skip "kafka-python, aiokafka and confluent-kafka could not be installed (Debian: python3-venv; pip packages as in requirements.txt)"
    python=("$build/python/bin/python" "$clients/kafka_python.py")
}

build_go() { (cd "$clients/go" && go build -o "$build/go" .); }

need_go() {
    program go golang
    (cd "$clients/go" && go mod download) > "$build/go-modules.log" 2>&1 ||
        skip "Go cannot get franz-go: $(tail -1 "$build/go-modules.log")"
    once go "$(cat "$clients"/go/* | cksum)" build_go
    go=("$build/go")
}

build_node() {
    mkdir -p "$build/node"
    cp "$clients"/node/* "$build/node"
    (cd "$build/node" && npm ci --no-audit --no-fund)
}

need_node() {
    program npm npm
    once node "$(cat "$clients"/node/* | cksum)" build_node ||
        skip "KafkaJS could not be installed (Debian: nodejs, npm; npm packages as in package.json)"
    node=(node "$build/node/member.js")
}

need_kafka() {
    program java default-jdk-headless
    "$kafka" classpath > /dev/null 2> "$build/kafka.log" ||
        skip "Apache Kafka ${KAFKA_VERSION:-} could not be fetched: $(tail -1 "$build/kafka.log")"
}

build_java() {
    rm -rf "$java_classes"
    javac -d "$java_classes" -cp "$("$kafka" classpath)" "$clients"/*.java
}

need_java() {   # also ${tools[@]}: many of Kafka's command line tools in one JVM; and ${directory[@]}
    need kafka
    program javac default-jdk-headless
    local name=java-${KAFKA_VERSION:-default} with
    java_classes=$build/$name
    once "$name" "$(cat "$clients"/*.java | cksum)" build_java
    with=$("$kafka" classpath):$java_classes   # in this order Kafka's classes come from their archive
    java=("$kafka" class -cp "$with" JavaClient)
    tools=("$kafka" class -cp "$with" Tools)
    directory=("$kafka" class -cp "$with" Directory)
}

build_rdkafka_member() {
    local libraries
    read -ra libraries <<< "$(pkg-config --cflags --libs rdkafka)"
    cc -std=gnu11 -O2 -Wall -Wextra "$clients/groups/member.c" "$clients/client.c" -o "$build/rdkafka_member" "${libraries[@]}"
}

need_rdkafka_member() {   # of groups
    rdkafka_member=("${INTEROP_RDKAFKA_MEMBER:-$build/rdkafka_member}")
    [ -z "${INTEROP_RDKAFKA_MEMBER:-}" ] || return 0
    program cc gcc
    pkg-config --exists rdkafka 2> /dev/null || skip "librdkafka is missing (Debian: librdkafka-dev, pkg-config)"
    once rdkafka_member "$(cat "$clients"/groups/member.c "$clients"/client.[ch] | cksum)" build_rdkafka_member
}

build_members() {
    mkdir -p "$build/members"
    javac -d "$build/members" -cp "$("$kafka" classpath)" "$clients"/groups/*.java
}

need_members() {   # of groups, many in one JVM; also ${streams[@]}
    need kafka
    program javac default-jdk-headless
    once members "$(cat "$clients"/groups/*.java | cksum)" build_members
    members=("$kafka" class -cp "$("$kafka" classpath):$build/members" Members)
    streams=("$kafka" class -cp "$("$kafka" classpath):$build/members" Streams)
}
