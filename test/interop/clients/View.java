import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Everything that a client can see of a cluster: topics, ids, configs, offsets, look-ups by time, and every record, committed or
 * not. A fact is a name and what it says; a record's name is its place.
 */
class View {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    static final int SHOWN = 20;

    final TreeMap<String, String> facts = new TreeMap<>();
    final Map<String, String> keys = new HashMap<>();   // of the facts that are records of compacted topics: partition, key
    final Map<String, Long> last = new HashMap<>();     // by that: the offset of the key's last record
    final Set<String> compacted = new HashSet<>();      // topics
    int records;

    /** Without coordinators nobody says which offsets are committed; those that were known before still count. */
    static View of(String bootstrap, boolean coordinators, View before) throws Exception {
        View view = new View();
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", bootstrap))) {
            var names = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
            var topics = admin.describeTopics(names).allTopicNames().get().values();
            for (TopicDescription topic : topics)
                view.facts.put("topic " + topic.name(), topic.topicId() + ", " + topic.partitions().size() + " partitions");
            view.configs(admin, names);
            if (coordinators) view.groups(admin);
            else if (before != null) view.facts.putAll(before.facts.subMap("committed ", "committed!"));
            for (String isolation : List.of("read_uncommitted", "read_committed")) view.partitions(bootstrap, isolation, topics);
        }
        return view;
    }

    // ---- looking ----------------------------------------------------------------------------------------------------

    void configs(Admin admin, Set<String> topics) throws Exception {
        List<ConfigResource> asked = new ArrayList<>();
        for (String topic : topics) asked.add(new ConfigResource(ConfigResource.Type.TOPIC, topic));
        asked.add(new ConfigResource(ConfigResource.Type.BROKER, "1"));
        asked.add(new ConfigResource(ConfigResource.Type.BROKER, ""));
        var sources = Set.of(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, ConfigEntry.ConfigSource.DYNAMIC_BROKER_CONFIG,
                ConfigEntry.ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG);
        admin.describeConfigs(asked).all().get().forEach((resource, config) -> {
            for (ConfigEntry entry : config.entries()) {
                if (sources.contains(entry.source())) facts.put("config " + resource + " " + entry.name(), entry.value());
                if (resource.type() == ConfigResource.Type.TOPIC && entry.name().equals("cleanup.policy") && entry.value().contains("compact"))
                    compacted.add(resource.name());
            }
        });
    }

    void groups(Admin admin) throws Exception {
        for (int number = 1; number < 9; number++) {
            String group = "group-" + number;
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
                    .forEach((partition, offset) -> facts.put("committed " + group + " " + partition, "" + offset));
        }
    }

    static KafkaConsumer<byte[], byte[]> consumer(String bootstrap, String isolation) {
        return new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap, "isolation.level", isolation, "fetch.max.wait.ms", 50,
                "max.poll.records", 100000, "exclude.internal.topics", false), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    void partitions(String bootstrap, String isolation, Iterable<TopicDescription> topics) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (TopicDescription topic : topics)
            for (var info : topic.partitions()) partitions.add(new TopicPartition(topic.name(), info.partition()));
        try (var consumer = consumer(bootstrap, isolation)) {
            var all = read(consumer, partitions);
            for (var record : all) put(isolation, record);
            consumer.endOffsets(partitions).forEach((partition, end) -> facts.put("end " + partition + " " + isolation, "" + end));
            if (isolation.equals("read_committed")) return;
            records = all.size();
            partitions.removeIf(partition -> compacted.contains(partition.topic()));
            consumer.beginningOffsets(partitions).forEach((partition, beginning) -> facts.put("beginning " + partition, "" + beginning));
            times(consumer, all);
        }
    }

    void put(String isolation, ConsumerRecord<byte[], byte[]> record) {
        String partition = record.topic() + "-" + record.partition();
        String name = String.format("record %s %s %08d", isolation, partition, record.offset());
        facts.put(name, record.timestampType() + " " + record.timestamp() + " epoch " + record.leaderEpoch().orElse(-1) + " "
                + text(record.key()) + " = " + text(record.value()) + " "
                + StreamSupport.stream(record.headers().spliterator(), false).map(h -> h.key() + ":" + text(h.value())).toList());
        if (!compacted.contains(record.topic())) return;
        String key = isolation + " " + partition + " " + text(record.key());
        keys.put(name, key);
        last.merge(key, record.offset(), Math::max);
    }

    static String text(byte[] bytes) {
        return bytes == null ? "null" : '"' + new String(bytes, StandardCharsets.ISO_8859_1) + '"';
    }

    /** Looks for some records by their time stamps. */
    void times(KafkaConsumer<byte[], byte[]> consumer, List<ConsumerRecord<byte[], byte[]>> all) {
        for (int part = 0; part < 4; part++) {
            Map<TopicPartition, Long> asked = new HashMap<>();
            for (var record : all) {
                var partition = new TopicPartition(record.topic(), record.partition());
                boolean first = !asked.containsKey(partition) || record.offset() % 40 == part * 10;
                if (first && !compacted.contains(record.topic())) asked.put(partition, record.timestamp() - 5);
            }
            var found = consumer.offsetsForTimes(asked);
            asked.forEach((partition, time) -> facts.put("time " + partition + " " + time, "" + found.get(partition)));
        }
    }

    /** From the beginnings to the ends that are now. */
    static List<ConsumerRecord<byte[], byte[]>> read(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
        List<ConsumerRecord<byte[], byte[]>> all = new ArrayList<>();
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
        var ends = consumer.endOffsets(partitions);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
            consumer.poll(Duration.ofMillis(100)).forEach(all::add);
            if (System.nanoTime() > deadline) throw new RuntimeException("the ends " + ends + " are not reached");
        }
        return all;
    }

    String summary() {
        return facts.size() + " facts, " + records + " records";
    }

    // ---- comparing --------------------------------------------------------------------------------------------------

    /** A record that compaction may take: there is a later one with its key, or its transaction was aborted. */
    boolean mayGo(String fact) {
        String key = keys.get(fact);
        if (key == null) return false;
        return fact.contains("read_uncommitted") ? !facts.containsKey(fact.replace("uncommitted", "committed")) || mayGo(fact.replace("uncommitted", "committed"))
                : last.get(key) > Long.parseLong(fact.substring(fact.lastIndexOf(' ') + 1));
    }

    String compareTo(View before) throws Exception {
        List<String> wrong = new ArrayList<>();
        int gone = 0;
        Set<String> names = new TreeSet<>(before.facts.keySet());
        names.addAll(facts.keySet());
        for (String name : names) {
            String was = before.facts.get(name), is = facts.get(name);
            if (is == null && before.mayGo(name)) gone++;
            else if (was == null || !was.equals(is)) wrong.add(name + "\n    was " + was + "\n    is  " + is);
        }
        if (!wrong.isEmpty())
            throw new Exception(wrong.size() + " facts differ:\n" + wrong.stream().limit(SHOWN).collect(Collectors.joining("\n")));
        return summary() + " as before, but for " + gone + " that compaction took";
    }
}
