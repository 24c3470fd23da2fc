# Sourced by kafka_reads_ours and we_read_kafkas: one broker writes a directory, another one serves it, and the first one again.
# shellcheck shell=bash
. "${0%/*}/scenario.sh"
need java text

settings=(log.segment.bytes=1048576 metadata.log.max.record.bytes.between.snapshots=3000)   # many segments, and snapshots
half=$((count / 2))
stored=("${codecs[@]}" idempotent)

tools() { KAFKA_LOG=off "$kafka" class "$clients/Tools.java" "$bootstrap" 0 < "$here/$1.commands"; }

# What a client sees: $work/NAME.listing
list() { tools listing > "$work/$1.listing"; }

same_listing() { diff -u "$work/$1.listing" "$work/$2.listing" >&2 || fail "$2 lists something else than $1"; }

fetch() { "${java[@]}" fetch "$bootstrap" "$1" "${stored[@]/#/stored-}"; }

append() { "${java[@]}" append "$bootstrap" "$1-$2" stored "${stored[@]}"; }   # FROM TO

# What Kafka's dump tool prints about all files of a directory is looked at line by line.
dump() {   # DATA
    local logs indexes metadata
    cd "$1"
    logs=$(find . -path './__cluster_metadata-0' -prune -o -name '*.log' -size +0 -print | sort)
    # the tool fails on an index beside an empty log
    indexes=$(sed 's/log$/index/;p;s/index$/timeindex/' <<< "$logs")
    metadata=$(find ./__cluster_metadata-0 -name '*.log' -o -name '0*.checkpoint' | sort)
    {
        "$kafka" dump-log --cluster-metadata-decoder --deep-iteration --files "$(paste -sd, <<< "$metadata")"
        "$kafka" dump-log --deep-iteration --files "$(find . -name '*.snapshot' | cat - <(printf '%s\n' "$logs" "$indexes") | paste -sd,)"
        "$kafka" dump-log --index-sanity-check --files "$(paste -sd, <<< "$indexes")"
    } 2>&1 | "${dump[@]}"
    cd "$here"
}
dump=(python3 "$clients/dump.py")

# What Apache Kafka says while it opens another's directory.
complaints() {   # DIR
    ! grep -E ' (WARN|ERROR|FATAL) ' "$1/server.log" >&2 || fail "Apache Kafka complains"
}

# Both are scripts with start, stop and kill. The directory is handed over after a clean stop, back, and after a kill.
hand_over() {   # WRITER READER
    local writer=$1 reader=$2 dir=$work/node
    free_port
    bootstrap=127.0.0.1:$port
    rm -rf "$dir"

    say "$writer writes"
    start "$writer" "$dir" "$port" "${settings[@]}"
    "${java[@]}" produce "$bootstrap" "$half" stored "${stored[@]}"
    tools directory
    list written
    stop "$dir"
    dump "$dir/data"

    say "$reader opens what was stopped cleanly, and writes on"
    start "$reader" "$dir" "$port" "${settings[@]}"
    list opened
    same_listing written opened
    fetch "$half"
    append "$half" "$count"
    list appended
    stop "$dir"
    dump "$dir/data"

    say "$writer opens it again, and is killed"
    start "$writer" "$dir" "$port" "${settings[@]}"
    list returned
    same_listing appended returned
    append "$count" "$((count + half))"
    list killed
    "$writer" kill "$dir"

    say "$reader opens what was left by the kill"
    start "$reader" "$dir" "$port" "${settings[@]}"
    list recovered
    same_listing killed recovered
    fetch "$((count + half))"
    stop "$dir"
}
