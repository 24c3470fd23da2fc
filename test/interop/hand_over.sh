# Sourced by kafka_reads_ours and we_read_kafkas: one broker writes a directory, another one serves it, and the first one again.
# shellcheck shell=bash
. "${0%/*}/scenario.sh"
need java
program python3 python3

settings=(log.segment.bytes=1048576 metadata.log.max.record.bytes.between.snapshots=3000)   # many segments, and snapshots
half=$((count / 2))
stored=("${codecs[@]}" idempotent)

commands() { KAFKA_LOG=off "${tools[@]}" "$bootstrap" 0 < "$here/$1.commands"; }

# What a client sees: $work/NAME.listing
list() { commands listing | python3 "$clients/normalise.py" > "$work/$1.listing"; }

fetch() { "${java[@]}" fetch "$bootstrap" "$1" "${stored[@]/#/stored-}"; }

append() { "${java[@]}" append "$bootstrap" "$1-$2" stored "${stored[@]}"; }   # FROM TO

# What Kafka's dump tool prints about all files of a directory is looked at line by line.
dump() {   # DATA
    local logs indexes snapshots metadata
    logs=$(find "$1" -path '*/__cluster_metadata-0' -prune -o -name '*.log' -size +0 -print | sort)
    indexes=$(sed 's/log$/index/;p;s/index$/timeindex/' <<< "$logs")   # the tool fails on one beside an empty log
    snapshots=$(find "$1" -name '*.snapshot')
    metadata=$(find "$1/__cluster_metadata-0" -name '*.log' -o -name '0*.checkpoint' | sort)
    "${tools[@]}" - 0 <<END | python3 "$clients/dump.py"
dump-log --cluster-metadata-decoder --deep-iteration --files $(paste -sd, <<< "$metadata")
dump-log --deep-iteration --files $(printf '%s\n' "$logs" "$indexes" "$snapshots" | paste -sd,)
dump-log --index-sanity-check --files $(paste -sd, <<< "$indexes")
END
}

# What Apache Kafka says about a directory while it opens it. Two warnings come always.
complaints() {   # DIR HOW
    ! grep -E ' (WARN|ERROR|FATAL) ' "$1/server.log" |
        grep -v 'Performing controller activation\|NetworkClient that has already been closed' >&2 || fail "Apache Kafka complains"
    [ "$2" = killed ] || ! grep 'Recovering unflushed segment' "$1/server.log" | grep -v partition=__cluster_metadata-0 >&2 ||
        fail "Apache Kafka recovers what was stopped cleanly"
}

# Stops a broker cleanly; what ours leaves behind is judged.
leave() {   # SCRIPT
    stop "$dir"
    if [ "$1" = "$subject" ]; then dump "$dir/data"; fi
}

# Starts a broker on the directory, which was written as NAME says, and sees that it lists the same.
take_over() {   # SCRIPT NAME
    start "$1" "$dir" "$port" "${settings[@]}"
    list "after-$2"
    diff -u "$work/$2.listing" "$work/after-$2.listing" >&2 || fail "the listing differs from what it was"
    if [ "$1" = "$kafka" ]; then complaints "$dir" "$2"; fi
}

# Both are scripts with start, stop and kill. The directory is handed over after a clean stop, back, and after a kill.
hand_over() {   # WRITER READER
    local writer=$1 reader=$2
    dir=$work/node
    free_port
    bootstrap=127.0.0.1:$port

    say "${writer##*/} writes"
    start "$writer" "$dir" "$port" "${settings[@]}"
    "${java[@]}" produce "$bootstrap" "$half" stored "${stored[@]}"
    commands directory > "$work/commands.log"
    seq 20000 | "$kafka" console-producer --bootstrap-server "$bootstrap" --topic plain   # now, so that its producer is remembered
    list written
    leave "$writer"

    say "${reader##*/} opens what was stopped cleanly, and writes on"
    take_over "$reader" written
    fetch "$half"
    append "$half" "$count"
    list appended
    leave "$reader"

    say "${writer##*/} opens it again, writes on, and is killed"
    take_over "$writer" appended
    append "$count" "$((count + half))"
    list killed
    "$writer" kill "$dir"

    say "${reader##*/} opens what was left by the kill"
    take_over "$reader" killed
    fetch "$((count + half))"
    leave "$reader"
}
