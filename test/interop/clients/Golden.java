import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/**
 * Golden BOOTSTRAP [TYPE:NAME...] prints what a client sees as test/golden/directories/*.expected.txt say it: topics, configs set
 * (also those of the resources named), offsets, records by both isolation levels. Then looks every time stamp up.
 */
class Golden {
    public static void main(String[] args) throws Exception {
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
            var names = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
            var topics = new TreeMap<>(admin.describeTopics(names).allTopicNames().get());
            topics(topics);
            configs(admin, topics, List.of(args).subList(1, args.length));
            var partitions = partitions(topics);
            offsets(admin, partitions);
            partitions.removeIf(partition -> partition.topic().startsWith("__"));
            for (String isolation : List.of("read_uncommitted", "read_committed")) records(args[0], isolation, partitions);
        }
    }

    static void topics(Map<String, TopicDescription> topics) {
        System.out.println("== topics");
        for (var topic : topics.values()) {
            System.out.printf("%s id=%s internal=%s%n", topic.name(), topic.topicId(), topic.isInternal());
            for (var p : topic.partitions())
                System.out.printf("  %d leader=%d replicas=[%s] isr=[%s]%n", p.partition(), p.leader().id(), p.replicas().get(0).id(), p.isr().get(0).id());
        }
    }

    static void configs(Admin admin, Map<String, TopicDescription> topics, List<String> more) throws Exception {
        List<ConfigResource> asked = topics.keySet().stream().map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).collect(Collectors.toList());
        for (String broker : List.of("", "1")) asked.add(new ConfigResource(ConfigResource.Type.BROKER, broker));
        for (String name : more) asked.add(new ConfigResource(ConfigResource.Type.valueOf(name.split(":")[0]), name.split(":")[1]));
        var found = admin.describeConfigs(asked).all().get();
        System.out.println("== configs set (topic, broker, client metrics, group)");
        for (var resource : asked)
            found.get(resource).entries().stream().filter(entry -> entry.source().name().startsWith("DYNAMIC")).sorted(Comparator.comparing(ConfigEntry::name))
                    .forEach(e -> System.out.printf("%s %s %s=%s %s%n", resource.type(), resource.name(), e.name(), e.value(), e.source()));
    }

    static List<TopicPartition> partitions(Map<String, TopicDescription> topics) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (var topic : topics.values())
            for (var p : topic.partitions()) partitions.add(new TopicPartition(topic.name(), p.partition()));
        return partitions;
    }

    static Map<TopicPartition, ListOffsetsResultInfo> ask(Admin admin, List<TopicPartition> partitions, OffsetSpec spec, IsolationLevel isolation) throws Exception {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        for (var partition : partitions) asked.put(partition, spec);
        return admin.listOffsets(asked, new ListOffsetsOptions(isolation)).all().get();
    }

    static void offsets(Admin admin, List<TopicPartition> partitions) throws Exception {
        var earliest = ask(admin, partitions, OffsetSpec.earliest(), IsolationLevel.READ_UNCOMMITTED);
        var latest = ask(admin, partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED);
        var committed = ask(admin, partitions, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED);
        var newest = ask(admin, partitions, OffsetSpec.maxTimestamp(), IsolationLevel.READ_UNCOMMITTED);
        System.out.println("== offsets: earliest latest(read_uncommitted) latest(read_committed) max-timestamp");
        for (var p : partitions)
            System.out.printf("%s %d %d %d %d@%d leader-epoch=%d%n", p, earliest.get(p).offset(), latest.get(p).offset(), committed.get(p).offset(),
                    newest.get(p).offset(), newest.get(p).timestamp(), latest.get(p).leaderEpoch().orElse(-1));
    }

    static String text(byte[] bytes) {
        return bytes == null ? "null" : '"' + new String(bytes, StandardCharsets.UTF_8) + '"';
    }

    static void records(String bootstrap, String isolation, List<TopicPartition> partitions) {
        System.out.println("== records, " + isolation + ": partition offset timestamp-type timestamp leader-epoch key value headers");
        try (var consumer = View.consumer(bootstrap, isolation)) {
            for (var partition : partitions) {
                var all = View.read(consumer, List.of(partition));
                for (var r : all)
                    System.out.printf("%s %d %s %d %d %s %s %s%n", partition, r.offset(), r.timestampType(), r.timestamp(), r.leaderEpoch().orElse(-1), text(r.key()),
                            text(r.value()), StreamSupport.stream(r.headers().spliterator(), false).map(h -> h.key() + "=" + text(h.value())).toList());
                // markers have time stamps too, and no consumer sees them
                if (isolation.equals("read_uncommitted") && !partition.topic().contains("txn"))
                    for (var record : all) lookUp(partition, record.timestamp(), all, consumer.offsetsForTimes(Map.of(partition, record.timestamp())).get(partition));
            }
        }
    }

    static void lookUp(TopicPartition partition, long time, List<ConsumerRecord<byte[], byte[]>> all, OffsetAndTimestamp got) {
        var first = all.stream().filter(record -> record.timestamp() >= time).findFirst().orElseThrow();
        if (got == null || got.offset() != first.offset() || got.timestamp() != first.timestamp())
            System.out.printf("%s: the first at or after %d is %d@%d, got %s%n", partition, time, first.offset(), first.timestamp(), got);
    }
}
