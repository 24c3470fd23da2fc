# Sourced by those about directories: one broker writes a directory, another one serves it, and the first one again.
# shellcheck shell=bash
. "${0%/*}/scenario.sh"
need java
program python3 python3
odradek=${ODRADEK:-$here/../../build/release/odradek}
dirs=(data)   # the log directories

settings=(log.cleaner.backoff.ms=200 offsets.topic.num.partitions=3 transaction.state.log.num.partitions=3
          metadata.log.max.record.bytes.between.snapshots=3000)

# One client for the whole way: clients/Directory.java. What it answers to the last command decides.
client_start() {
    coproc client { "${directory[@]}" "$bootstrap"; }
    exec {ask}>&"${client[1]}" {answer}<&"${client[0]}"
}

client() {   # COMMAND...
    local line
    echo "$*" >&"$ask"
    while read -r line <&"$answer"; do
        printf '   %s\n' "$line"
        case $line in done*) return ;; failed*) fail "$*" ;; esac
    done
    fail "the client is gone"
}

# What Kafka's dump tool prints about all files of a directory is looked at line by line.
dump() {   # DATA...
    local logs indexes snapshots metadata
    logs=$(find "$@" \( -name __cluster_metadata-0 -o -name '*-delete' \) -prune -o -name '*.log' -size +0 -print | sort)
    indexes=$(sed 's/log$/index/;p;s/index$/timeindex/' <<< "$logs")   # the tool fails on one beside an empty log
    snapshots=$(find "$@" -name '*.snapshot')
    metadata=$(find "$1/__cluster_metadata-0" -name '*.log' -o -name '0*.checkpoint' | sort)
    "${tools[@]}" - 0 <<END | python3 "$clients/dump.py" compacted __
dump-log --cluster-metadata-decoder --deep-iteration --files $(paste -sd, <<< "$metadata")
dump-log --deep-iteration --files $(printf '%s\n' "$logs" "$indexes" "$snapshots" | paste -sd,)
dump-log --index-sanity-check --files $(paste -sd, <<< "$indexes")
$(grep -q __consumer_offsets <<< "$logs" && printf 'dump-log --offsets-decoder --files '; grep __consumer_offsets <<< "$logs" | paste -sd,)
END
}

# What Apache Kafka says about a directory while it opens it.
complaints() {   # DIR HOW
    ! complained "$1/server.log" "$2" >&2 || fail "Apache Kafka complains"
    [ "$2" = killed ] || ! grep -i 'recovering unflushed segment\|rebuilding index\|stray' "$1/server.log" |
        grep -v partition=__cluster_metadata-0 >&2 || fail "Apache Kafka mends what was stopped cleanly"
}

# What `odradek check` says about a directory that a broker left, ours or Kafka's: after a clean stop nothing, after a kill
# nothing but what the next start mends; and warnings that the scenario expects.
check() {   # HOW [RULE...]
    local found wrong
    found=$("$odradek" check --json "${dirs[@]/#/$dir/}") || [ $? = 1 ] || fail "odradek check ends badly"
    wrong=$(python3 "$clients/findings.py" "$@" <<< "$found") || fail "odradek check finds in what was $1: $wrong"
}

# `odradek dump` reads all files, and what it prints is JSON.
dump_ours() {
    "$odradek" dump --json "${dirs[@]/#/$dir/}" |
        python3 -c 'import json, sys; [print(line) for line in sys.stdin if json.loads(line)["type"] == "damage"]' || fail "odradek dump"
}

# Stops a broker cleanly; what it leaves behind is judged, what ours does by Kafka's tool too.
leave() {   # SCRIPT [RULE...]
    stop "$dir"
    check stopped "${@:2}"
    if [ "$1" = "$subject" ]; then dump "${dirs[@]/#/$dir/}"; fi
}

abandon() {   # SCRIPT
    "$1" kill "$dir"
    check killed
}

who() { if [ "$1" = "$kafka" ]; then echo kafka; else echo ours; fi; }

# The next broker takes the directory over as it was left, and changes it.
hop() {   # NUMBER SCRIPT LEFT
    say "hop $1: $(who "$2") opens what was $3"
    start "$2" "$dir" "$port" "${settings[@]}"
    [ "$1" = 1 ] || client compare "$(who "$2")" "$3"
    [ "$2" != "$kafka" ] || complaints "$dir" "$3"
    client change "$1" "$(who "$2")"
    client remember "$(who "$2")"
}

# Both are scripts with start, stop and kill. The directory goes there and back, and there and back
# again: each way after a clean stop, and after a kill.
hand_over() {   # WRITER READER
    local writer=$1 reader=$2
    dir=$work/node
    free_port
    bootstrap=127.0.0.1:$port
    client_start
    hop 1 "$writer" empty
    leave "$writer"
    hop 2 "$reader" stopped
    abandon "$reader"
    hop 3 "$writer" killed
    abandon "$writer"
    hop 4 "$reader" killed
    leave "$reader"
    hop 5 "$writer" stopped
    leave "$writer"
    dump_ours
}
