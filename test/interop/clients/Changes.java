import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What one hop does to a cluster, whoever serves it: topics made, deleted, made again, widened and configured; records in every
 * codec; a compacted topic whose cleaner must run; and, where there are coordinators, transactions and committed offsets.
 */
class Changes {
    static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    static final int RECORDS = 500, COMPACTED_RECORDS = 1500, KEYS = 40;
    static final Duration PATIENCE = Duration.ofSeconds(30);

    final String bootstrap;
    long clock;   // of the records: 10 ms each, so that segment.ms rolls segments; never behind the brokers, who date markers

    Changes(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    String hop(int number, boolean coordinators) throws Exception {
        try (var admin = Admin.create(config())) {
            topics(admin, number);
            configs(admin, number);
        }
        for (String codec : CODECS) codec(number, codec);
        if (coordinators) {
            transactions(number);
            offsets(number);
        }
        return compacted(number);
    }

    Map<String, Object> config() {
        return new HashMap<>(Map.of("bootstrap.servers", bootstrap, "client.id", "interop-directory"));
    }

    // ---- topics and configs -----------------------------------------------------------------------------------------

    static NewTopic topic(String name, int partitions, String... configs) {
        Map<String, String> map = new HashMap<>(Map.of("retention.ms", "-1", "segment.ms", "1000", "index.interval.bytes", "300"));
        for (int i = 0; i < configs.length; i += 2) map.put(configs[i], configs[i + 1]);
        return new NewTopic(name, partitions, (short) 1).configs(map);
    }

    /** Returns when they serve; Apache Kafka's brokers learn later than its controller. */
    static void create(Admin admin, NewTopic... topics) throws Exception {
        admin.createTopics(List.of(topics)).all().get();
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (NewTopic topic : topics)
            for (int p = 0; p < topic.numPartitions(); p++) ends.put(new TopicPartition(topic.name(), p), OffsetSpec.latest());
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (; ; Thread.sleep(20)) {
            try {
                admin.listOffsets(ends).all().get();
                return;
            } catch (ExecutionException e) {
                if (System.nanoTime() > deadline) throw e;
            }
        }
    }

    void topics(Admin admin, int number) throws Exception {
        if (number == 1) {
            for (String codec : CODECS) create(admin, topic("codec-" + codec, 2));
            create(admin, topic("compacted", 2, "cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0.01"),
                    topic("transactions", 3), topic("open", 1), topic("wide", 1), topic("again", 1), topic("gone-0", 2));
        }
        create(admin, topic("made-" + number, number), topic("gone-" + number, 3));
        admin.deleteTopics(List.of("gone-" + (number - 1), "again")).all().get();
        admin.createPartitions(Map.of("wide", NewPartitions.increaseTo(number + 1))).all().get();
        create(admin, topic("again", number + 1));   // the same name, another id
    }

    static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }

    static AlterConfigOp delete(String name) {
        return new AlterConfigOp(new ConfigEntry(name, null), AlterConfigOp.OpType.DELETE);
    }

    void configs(Admin admin, int number) throws Exception {
        Map<ConfigResource, Collection<AlterConfigOp>> wanted = new HashMap<>();
        wanted.put(new ConfigResource(ConfigResource.Type.TOPIC, "made-" + number),
                List.of(set("compression.type", "lz4"), set("max.message.bytes", "7000" + number), delete("index.interval.bytes")));
        wanted.put(new ConfigResource(ConfigResource.Type.TOPIC, "wide"), List.of(set("flush.ms", "1000" + number)));
        wanted.put(new ConfigResource(ConfigResource.Type.BROKER, "1"), List.of(set("log.retention.ms", "70000000" + number)));
        wanted.put(new ConfigResource(ConfigResource.Type.BROKER, ""),
                List.of(set("log.cleaner.delete.retention.ms", "9000000" + number)));
        admin.incrementalAlterConfigs(wanted).all().get();
    }

    // ---- records ----------------------------------------------------------------------------------------------------

    KafkaProducer<byte[], byte[]> producer(String... configs) {
        Map<String, Object> config = config();
        config.put("linger.ms", "2");
        config.put("batch.size", "2000");
        for (int i = 0; i < configs.length; i += 2) config.put(configs[i], configs[i + 1]);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    ProducerRecord<byte[], byte[]> record(String topic, int partition, String key, String value) {
        clock = Math.max(clock + 10, System.currentTimeMillis());
        var record = new ProducerRecord<>(topic, partition, clock, key == null ? null : bytes(key), value == null ? null : bytes(value));
        if (clock % 3 == 0) record.headers().add(new RecordHeader("clock", bytes("" + clock))).add("empty", null);
        return record;
    }

    static String value(int i) {
        return i % 11 == 0 ? null : "value " + i + " " + "x".repeat(i * 7 % 90) + " \u00e9";
    }

    static void sendAll(KafkaProducer<byte[], byte[]> producer, List<ProducerRecord<byte[], byte[]>> records) throws Exception {
        List<Future<?>> futures = new ArrayList<>();
        for (var record : records) futures.add(producer.send(record));
        producer.flush();
        for (Future<?> future : futures) future.get();
    }

    List<ProducerRecord<byte[], byte[]>> records(String topic, int partitions, int count) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < count; i++) records.add(record(topic, i % partitions, i % 5 == 0 ? null : "key " + i % 70, value(i)));
        return records;
    }

    void codec(int number, String codec) throws Exception {
        try (var producer = producer("compression.type", codec)) {
            sendAll(producer, records("codec-" + codec, 2, RECORDS));
            if (codec.equals("none")) {   // each of these has its own way through a broker
                sendAll(producer, records("wide", number + 1, 20));
                sendAll(producer, records("again", number + 1, 20));
                sendAll(producer, records("made-" + number, number, 50));   // compressed by the broker
                sendAll(producer, records("gone-" + number, 3, 50));
            }
        }
    }

    /** Returns when a cleaner took something away; what it took, the next broker must do without. */
    String compacted(int number) throws Exception {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (int i = 0; i < COMPACTED_RECORDS; i++) records.add(record("compacted", i % 2, "key " + i * 31 % KEYS, value(i + number)));
        try (var producer = producer("compression.type", CODECS.get(number % CODECS.size()))) {
            sendAll(producer, records);
        }
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (long left; ; Thread.sleep(100)) {
            left = count("compacted");
            if (left < COMPACTED_RECORDS * 3 / 4) return left + " records are left of a compacted topic";
            if (System.nanoTime() > deadline) throw new Exception("nothing is compacted: " + left + " records");
        }
    }

    long count(String topic) {
        try (var consumer = View.consumer(bootstrap, "read_uncommitted")) {
            return View.read(consumer, List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1))).size();
        }
    }

    // ---- what coordinators are needed for ---------------------------------------------------------------------------

    void transactions(int number) throws Exception {
        try (var producer = producer("transactional.id", "work", "compression.type", "zstd"); var other = producer()) {
            producer.initTransactions();
            for (int turn = 0; turn < 4; turn++) {
                producer.beginTransaction();
                sendAll(producer, records("transactions", 3, 30));
                sendAll(producer, List.of(record("compacted", turn % 2, "key " + turn, turn % 2 == 0 ? "committed" : "aborted")));
                sendAll(other, records("transactions", 3, 9));   // between them
                if (turn % 2 == 0) producer.commitTransaction();
                else producer.abortTransaction();
            }
        }
        leaveOpen(number);
    }

    /** A transaction that nobody ends: read_committed stops in front of it. */
    void leaveOpen(int number) throws Exception {
        var producer = producer("transactional.id", "open-" + number, "transaction.timeout.ms", "900000");
        producer.initTransactions();
        producer.beginTransaction();
        sendAll(producer, records("open", 1, 10));
        producer.close(Duration.ZERO);
    }

    void offsets(int number) throws ExecutionException, InterruptedException {
        Map<String, Object> config = config();
        config.put("group.id", "group-" + number);
        try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            var partition = new TopicPartition("codec-none", 0);
            consumer.assign(List.of(partition));
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(10L * number, "hop " + number)), PATIENCE);
        }
    }
}
