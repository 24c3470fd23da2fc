# Turns results into the table: awk -f report.awk scenarios.table RESULTS
#
# RESULTS has lines "ID<tab>ROUND<tab>CONTESTANT<tab>key=value ...". Figures are medians over the rounds; a ratio is the median of
# the ratios within a round, with the least and the greatest behind it.

function trim(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }

function sort(list, n,    i, j, value) {
    for (i = 2; i <= n; i++) {
        value = list[i]
        for (j = i - 1; j > 0 && list[j] > value; j--) list[j + 1] = list[j]
        list[j + 1] = value
    }
}

function middle(list, n) {
    sort(list, n)
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function median(id, who, key,    round, n, list) {
    n = 0
    for (round = 1; round <= rounds; round++)
        if ((id, round, who, key) in value) list[++n] = value[id, round, who, key]
    return n ? middle(list, n) : -1
}

# Sets low and high. -1: nothing to compare.
function ratio(id, who, other, key,    round, n, list) {
    n = 0
    for (round = 1; round <= rounds; round++)
        if ((id, round, who, key) in value && value[id, round, other, key] > 0)
            list[++n] = value[id, round, who, key] / value[id, round, other, key]
    if (!n) return -1
    sort(list, n)
    low = list[1]; high = list[n]
    return middle(list, n)
}

function short(number) {
    if (number >= 99.5) return sprintf("%.0f", number)
    if (number >= 9.95) return sprintf("%.1f", number)
    if (number >= 0.995) return sprintf("%.2f", number)
    return sprintf("%.3f", number)
}

function rate(number) { return number >= 10000 ? short(number / 1000) " k" : short(number) " " }

function cell(id, who, view,    text) {
    if (!((id, who) in seen)) return "-"
    if (view == "throughput") return short(median(id, who, "mb_s")) " MB/s, " short(median(id, who, "cpu_s_gb")) " CPU-s/GB"
    if (view == "fetches") return short(median(id, who, "mb_s")) " MB/s, " short(median(id, who, "cpu_us_req")) " us CPU each"
    if (view == "idle") return short(median(id, who, "core")) " % of a core, " short(median(id, who, "cpu_us_req")) " us CPU a request"
    if (view == "requests") return rate(median(id, who, "req_s")) "/s, " short(median(id, who, "cpu_us_req")) " us CPU each"
    if (view == "latency") {
        text = "p50 " short(median(id, who, "p50_us")) " p99 " short(median(id, who, "p99_us"))
        text = text " max " short(median(id, who, "max_us")) " us, " short(median(id, who, "cpu_us_req")) " us CPU each"
        return text (median(id, who, "stalls") > 0 ? ", " median(id, who, "stalls") " over 10 ms" : "")
    }
    if (view == "user") return short(median(id, who, "mb_s")) " MB/s (" rate(median(id, who, "req_s")) "/s), " short(median(id, who, "cpu_s_m")) " CPU-s/M"
    if (view == "start") return short(median(id, who, "ms")) " ms, " short(median(id, who, "cpu_ms")) " ms CPU"
    if (view == "restart") return short(median(id, who, "port_ms")) " ms, " short(median(id, who, "cpu_ms")) " ms CPU"
    if (view == "topics") return short(median(id, who, "ms")) " ms, topics " rate(median(id, who, "topics_s")) "/s, partitions " rate(median(id, who, "partitions_s")) "/s, " short(median(id, who, "cpu_us_req")) " us CPU a partition"
    if (view == "compaction") return short(median(id, who, "mb_s")) " MB/s; a core: " short(median(id, who, "mb_s_core")) " MB/s, " short(median(id, who, "rec_s_core") / 1e6) " M records/s"
    if (view == "beside") {
        text = "p50 " short(median(id, who, "quiet_p50_us")) " p99 " short(median(id, who, "quiet_p99_us"))
        return text " us alone; beside it p50 " short(median(id, who, "p50_us")) " p99 " short(median(id, who, "p99_us")) " us, " short(median(id, who, "p99_growth")) " times, in " short(median(id, who, "ms")) " ms"
    }
    return short(median(id, who, "rss_mb")) " MB (own " short(median(id, who, "anon_mb")) "), " median(id, who, "threads") " threads"
}

function one_ratio(id, who, other, key, word,    r) {
    r = ratio(id, who, other, key)
    if (r <= 0) return ""
    return word " " short(r) (rounds > 1 && low != high ? " [" short(low) "-" short(high) "]" : "")
}

function ratios(id, who, other, view,    n, i, keys, words, text, part) {
    split(show[view], keys, " "); n = split(name[view], words, " ")
    for (i = 1; i <= n; i++) {
        part = one_ratio(id, who, other, keys[i], words[i])
        if (part != "") text = text (text == "" ? "" : ", ") part
    }
    return text == "" ? "-" : text
}

# What of the goals is not met; "" if all is, "?" if nothing can be said.
function missed(id, who, limit, goals,    n, i, list, key, op, number, scale, figure, text, known) {
    n = split(goals, list, " ")
    for (i = 1; i <= n; i++) {
        key = list[i]; sub(/[<>]=.*/, "", key)
        op = list[i] ~ />=/ ? ">" : "<"
        number = list[i]; sub(/.*=/, "", number)
        scale = number ~ /K$/ ? "kafka" : number ~ /L$/ ? limit : ""
        figure = scale != "" ? ratio(id, who, scale, key) : median(id, who, key)
        if (figure < 0) continue
        known = 1
        if (op == ">" ? figure < number + 0 : figure > number + 0) text = text (text == "" ? "" : ", ") list[i] " is " short(figure)
    }
    return known ? text : "?"
}

BEGIN {
    show["throughput"] = "mb_s cpu_s_gb";  name["throughput"] = "MB/s CPU"
    show["idle"] = "core cpu_us_req";      name["idle"] = "core CPU"
    show["fetches"] = "mb_s cpu_us_req";   name["fetches"] = "MB/s CPU"
    show["requests"] = "req_s cpu_us_req"; name["requests"] = "req/s CPU"
    show["latency"] = "p50_us p99_us cpu_us_req"; name["latency"] = "p50 p99 CPU"
    show["user"] = "mb_s cpu_s_m";         name["user"] = "MB/s CPU"
    show["start"] = "ms cpu_ms";           name["start"] = "time CPU"
    show["restart"] = "port_ms cpu_ms";    name["restart"] = "time CPU"
    show["topics"] = "ms cpu_us_req";      name["topics"] = "time CPU"
    show["compaction"] = "mb_s mb_s_core"; name["compaction"] = "MB/s a-core"
    show["beside"] = "p50_us p99_us p99_growth"; name["beside"] = "p50 p99 growth"
    show["memory"] = "rss_mb";             name["memory"] = "RSS"
}

FNR == NR {
    if ($0 ~ /^#/ || $0 !~ /\|/) next
    split($0, part, "|")
    ids[++id_count] = trim(part[1]); title[id_count] = trim(part[2]); view_of[id_count] = trim(part[3])
    goal[id_count] = trim(part[4]); who_of[id_count] = trim(part[5])
    next
}

{
    split($0, part, "\t")
    if (part[2] + 0 > rounds) rounds = part[2] + 0
    n = split(part[4], pairs, " ")
    for (i = 1; i <= n; i++) {
        split(pairs[i], kv, "=")
        value[part[1], part[2], part[3], kv[1]] = kv[2] + 0
    }
    seen[part[1], part[3]] = any[part[1]] = 1
    if (part[4] ~ / others=/) others[++other_count] = value[part[1], part[2], part[3], "others"]
}

END {
    if (other_count) {
        m = middle(others, other_count)
        printf "Processes that were not measured used %.2f processors (median of the windows; at most %.2f).\n\n", m, others[other_count]
    }
    print "| scenario | Apache Kafka | Odradek | limit | Odradek/Kafka | Odradek/limit | goal | met |"
    print "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for (i = 1; i <= id_count; i++) {
        if (!(ids[i] in any)) continue
        n = split(who_of[i], list, " ")
        for (j = 1; j <= n; j++) {
            split(list[j], two, ":")
            who = two[1]; limit = two[2]
            note = who == "odradek-dev" ? ", `--dev`" : limit == "limit-sync" ? ", durable" : limit == "idle-static" ? ", static" : ""
            fault = missed(ids[i], who, limit, goal[i])
            met = fault == "?" ? "-" : fault == "" ? "yes" : "no: " fault
            printf "| %s %s%s | %s | %s | %s | %s | %s | %s | %s |\n", ids[i], title[i], note, cell(ids[i], "kafka", view_of[i]), \
                cell(ids[i], who, view_of[i]), cell(ids[i], limit, view_of[i]), ratios(ids[i], who, "kafka", view_of[i]), \
                ratios(ids[i], who, limit, view_of[i]), goal[i], met
        }
    }
}
