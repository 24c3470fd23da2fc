# Sourced by those about Kafka Connect: lines go from a file through a topic into another file.
# shellcheck shell=bash
. "${0%/*}/scenario.sh"
workers=()   # process ids

worker_properties() {   # PORT: what both kinds of workers are told
    cat <<END
bootstrap.servers=$bootstrap
listeners=http://127.0.0.1:$1
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.flush.interval.ms=300
plugin.discovery=service_load
consumer.fetch.max.wait.ms=50
END
}

connector() {   # source | sink: its properties
    case $1 in
    source) printf '%s\n' name=source connector.class=org.apache.kafka.connect.file.FileStreamSourceConnector topic=copied ;;
    sink) printf '%s\n' name=sink connector.class=org.apache.kafka.connect.file.FileStreamSinkConnector topics=copied ;;
    esac
    printf '%s\n' tasks.max=1 "file=$work/$1"
}

start_worker() {   # NAME CLASS FILE...: its log is $work/NAME.log
    KAFKA_LOG=warn "$kafka" class "org.apache.kafka.connect.cli.$2" "${@:3}" >> "$work/$1.log" 2>&1 &
    workers+=($!)
}

stop_worker() {   # PID
    kill "$1"
    wait "$1" || [ $? = 143 ] || fail "the worker does not end well"
}

clean_up() { [ "${#workers[@]}" = 0 ] || kill -KILL "${workers[@]}" 2> /dev/null || true; }

lines() { seq -f 'line %.0f of the file' "$1" "$2" >> "$work/source"; }   # FROM TO

lines_from() {   # FROM: ten lines, ten times a second, until there is $work/enough
    local from
    for ((from = $1; ; from += 10)); do
        [ ! -e "$work/enough" ] || return 0
        lines "$from" $((from + 9))
        sleep 0.1
    done
}

once_each() { awk '!seen[$0]++' "$1"; }   # FILE

# Until both files are the same; "again": where work was done again, lines may be there again.
copied() {   # WHAT [again]
    local deadline=$((SECONDS + 90)) look=cat
    [ -z "${2:-}" ] || look=once_each
    until cmp -s "$work/source" <("$look" "$work/sink"); do
        [ "$SECONDS" -lt "$deadline" ] || {
            diff "$work/source" <("$look" "$work/sink") | head -5 >&2
            tail -n 5 "$work"/*worker*.log >&2
            fail "$1: $(wc -l < "$work/sink") of $(wc -l < "$work/source") lines"
        }
        sleep 0.1
    done
    say "$1: $(wc -l < "$work/source") lines$([ -z "${2:-}" ] || printf ', %d of them again' $(($(wc -l < "$work/sink") - $(wc -l < "$work/source"))))"
}

touch "$work/sink"
lines 1 1000
