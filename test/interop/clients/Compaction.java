import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Fills compacted topics with what a cleaner has to decide about, and lists what is left.
 *
 * These are commands of Directory:
 *
 *   create       makes the topics
 *   write SEED   random keys, tombstones, headers, in every codec, idempotent or not; transactions of several producers,
 *                committed and aborted, interleaved
 *   read FILE    puts every record there, one a line, as each isolation level shows it
 */
class Compaction {
    static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    /** Recent: Apache Kafka forgets producers whose records are older than a day. */
    static final long EARLIEST = System.currentTimeMillis() - 2000000;
    static final int KEYS = 60, RECORDS = 1200, TRANSACTIONS = 60;

    static List<String> topics() {
        List<String> topics = new ArrayList<>();
        for (String codec : CODECS) topics.add("compact-" + codec);
        topics.addAll(List.of("compact-plain", "compact-time", "compact-txn", "compact-txn-zstd"));
        return topics;
    }

    static void create(String bootstrap) throws Exception {
        List<NewTopic> all = new ArrayList<>();
        for (String topic : topics()) {
            Map<String, String> configs = new HashMap<>(Map.of("cleanup.policy", "compact",
                "internal.segment.bytes", "16384", "min.cleanable.dirty.ratio", "0", "delete.retention.ms", "1"));
            if (topic.endsWith("-time")) configs.put("message.timestamp.type", "LogAppendTime");
            all.add(new NewTopic(topic, 1, (short) 1).configs(configs));
        }
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(all).all().get();
        }
    }

    static KafkaProducer<byte[], byte[]> producer(String bootstrap, String codec, Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "compression.type", codec,
            "linger.ms", "1000", "batch.size", "3000", "key.serializer", ByteArraySerializer.class.getName(),
            "value.serializer", ByteArraySerializer.class.getName()));
        config.putAll(more);
        return new KafkaProducer<>(config);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static ProducerRecord<byte[], byte[]> record(String topic, Random random) {
        int number = random.nextInt(KEYS);
        byte[] key = bytes(number == 0 ? "" : "key-" + number);
        byte[] value = random.nextInt(6) == 0 ? null : bytes("v" + random.nextLong() + "x".repeat(random.nextInt(90)));
        List<Header> headers = new ArrayList<>();
        for (int i = random.nextInt(12); i < 2; i++)
            headers.add(new RecordHeader("h" + i, i == 0 ? null : bytes("value")));
        long timestamp = EARLIEST + random.nextInt(1000000);
        return new ProducerRecord<>(topic, 0, timestamp, key, value, headers);
    }

    static void write(String bootstrap, long seed) throws Exception {
        Random random = new Random(seed);
        for (String codec : CODECS)
            send(bootstrap, "compact-" + codec, codec, Map.of("enable.idempotence", "true"), random);
        send(bootstrap, "compact-plain", "none", Map.of("enable.idempotence", "false"), random);
        send(bootstrap, "compact-time", "zstd", Map.of("enable.idempotence", "true"), random);
        transactions(bootstrap, "compact-txn", "none", random);
        transactions(bootstrap, "compact-txn-zstd", "zstd", random);
    }

    static void send(String bootstrap, String topic, String codec, Map<String, Object> more, Random random) throws Exception {
        for (int part = 0; part < 3; part++)   // several producers, some of whose batches nobody replaces
            try (var producer = producer(bootstrap, codec, more)) {
                for (int i = 0; i < RECORDS / 3; i++) {
                    producer.send(record(topic, random));
                    if (random.nextInt(40) == 0) producer.flush();
                }
                producer.flush();
            }
    }

    static void transactions(String bootstrap, String topic, String codec, Random random) throws Exception {
        List<KafkaProducer<byte[], byte[]>> producers = new ArrayList<>();
        boolean[] open = new boolean[3];
        for (int i = 0; i < open.length; i++) {
            producers.add(producer(bootstrap, codec, Map.of("transactional.id", topic + "-" + i)));
            producers.get(i).initTransactions();
        }
        for (int ended = 0; ended < TRANSACTIONS; ) {
            int at = random.nextInt(open.length);
            var producer = producers.get(at);
            if (!open[at]) producer.beginTransaction();
            open[at] = true;
            for (int i = random.nextInt(12); i >= 0; i--) producer.send(record(topic, random));
            producer.flush();
            if (random.nextInt(3) > 0) continue;
            if (random.nextInt(3) == 0) producer.abortTransaction(); else producer.commitTransaction();
            open[at] = false;
            ended++;
        }
        for (int i = 0; i < open.length; i++) {
            if (open[i]) producers.get(i).commitTransaction();
            producers.get(i).close();
        }
        send(bootstrap, topic, codec, Map.of("enable.idempotence", "true"), new Random(7));   // closes the last segments
    }

    static void read(String bootstrap) {
        for (String level : List.of("read_committed", "read_uncommitted")) read(bootstrap, level);
    }

    static void read(String bootstrap, String level) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "isolation.level", level, "fetch.max.wait.ms", 50,
            "key.deserializer", ByteArrayDeserializer.class.getName(), "value.deserializer", ByteArrayDeserializer.class.getName());
        for (String topic : topics())
            try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config)) {
                TopicPartition partition = new TopicPartition(topic, 0);
                consumer.assign(List.of(partition));
                consumer.seekToBeginning(List.of(partition));
                long end = consumer.endOffsets(List.of(partition)).get(partition);
                while (consumer.position(partition) < end)
                    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) print(record);
            }
    }

    static void print(ConsumerRecord<byte[], byte[]> record) {
        StringBuilder line = new StringBuilder(record.topic() + " " + record.offset() + " ");
        if (record.topic().endsWith("-time")) line.append(record.timestampType()); else line.append(record.timestamp());
        line.append(" ").append(new String(record.key(), StandardCharsets.UTF_8)).append("=");
        line.append(record.value() == null ? "NULL" : new String(record.value(), StandardCharsets.UTF_8));
        for (Header header : record.headers())
            line.append(" ").append(header.key()).append(":").append(header.value() == null ? "NULL" : new String(header.value(), StandardCharsets.UTF_8));
        System.out.println(line);
    }
}
