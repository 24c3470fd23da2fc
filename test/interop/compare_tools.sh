# Sourced by the *_tool scenarios: gives the same commands to Apache Kafka and to the broker under test, and compares the output.
# shellcheck shell=bash
. "${0%/*}/scenario.sh"
need java
program python3 python3

# A scenario may say otherwise:
prepare() { :; }    # BOOTSTRAP: what happens before the first command
settings() { :; }   # DIR: what the broker there is started with
only() { cat; }     # the lines of a transcript that are compared

in_words() { sed "s|DIR|$work/$1|g" "$commands"; }   # NAME: the commands for that broker

transcript() {   # NAME SCRIPT PAUSE: $work/NAME.txt
    local words
    mapfile -t words < <(settings "$work/$1")
    start "$2" "$work/$1" "$port" "${words[@]}"
    prepare "127.0.0.1:$port"
    in_words "$1" | KAFKA_LOG=off "${tools[@]}" "127.0.0.1:$port" "$3" |
        python3 "$clients/normalise.py" "$work/$1" | only > "$work/$1.txt"
    stop "$work/$1"
}

compare() {   # COMMANDS
    commands=$1
    free_port
    say "Apache Kafka"
    transcript kafka "$kafka" 1000
    say "the broker under test"
    transcript broker "$subject" "${INTEROP_PAUSE:-0}"
    diff -u --label "Apache Kafka" --label "the broker under test" "$work/kafka.txt" "$work/broker.txt" ||
        fail "the tool prints something else"
    printf 'the same %d lines for %d commands\n' "$(wc -l < "$work/kafka.txt")" "$(grep -c '^\$' "$work/kafka.txt")"
}
