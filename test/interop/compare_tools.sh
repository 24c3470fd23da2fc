# Sourced by the *_tool scenarios: gives the same commands to Apache Kafka and to the broker under test, and compares the output.
# shellcheck shell=bash
. "${0%/*}/scenario.sh"
need kafka jdk

# What may differ: topic ids, the place in our temporary directory, where an exception came from.
normalise() {   # DIR
    sed -e 's/TopicId: [A-Za-z0-9_-]\{22\}/TopicId: .../' -e "s|$1|DIR|g" -e '/^\tat /d'
}

transcript() {   # NAME SCRIPT PAUSE: $work/NAME.txt
    start "$2" "$work/$1" "$port"
    KAFKA_LOG=off "$kafka" class "$clients/Tools.java" "127.0.0.1:$port" "$3" < "$commands" | normalise "$work/$1" > "$work/$1.txt"
    stop "$work/$1"
}

compare() {   # COMMANDS
    commands=$1
    free_port
    say "Apache Kafka"
    transcript kafka "$kafka" 300
    say "the broker under test"
    transcript broker "$subject" "${INTEROP_PAUSE:-0}"
    diff -u --label "Apache Kafka" --label "the broker under test" "$work/kafka.txt" "$work/broker.txt" ||
        fail "the tool prints something else"
    printf 'the same %d lines for %d commands\n' "$(wc -l < "$work/kafka.txt")" "$(grep -c '^\$' "$work/kafka.txt")"
}
