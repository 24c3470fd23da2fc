# Sourced by the group_* scenarios: a broker whose groups rebalance quickly, and lives of groups, lived by real clients.
# shellcheck shell=bash
. "${0%/*}/scenario.sh"
need kcat   # sends what the groups read
program python3 python3
export ODRADEK=${ODRADEK:-$here/../../build/release/odradek}
broker group.min.session.timeout.ms=1000 group.consumer.min.session.timeout.ms=1000 group.consumer.session.timeout.ms=6000 \
    group.consumer.min.heartbeat.interval.ms=200 group.consumer.heartbeat.interval.ms=300 \
    offsets.topic.num.partitions=5

# lives NAME LIFE:ASSIGNOR... -- PROGRAM...: see clients/groups/lives.py; all groups live at the same time.
lives() { python3 "$clients/groups/lives.py" "$bootstrap" "$@"; }

# The same while the broker ends and comes back, when all of them are at that.
restarts() {   # NAME LIFE:ASSIGNOR... -- PROGRAM...
    [ -z "$INTEROP_BOOTSTRAP" ] || skip "the broker is not ours to restart"
    BROKER=$(printf '%s\n' "$subject" "${own_broker[@]}") SENDER="$build/python/bin/python $clients/groups/sender.py" lives "$@"
}
