import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A Java client that sends the interop data set, and fetches it and checks every byte.
 *
 *   JavaClient produce BOOTSTRAP COUNT PREFIX KIND...   creates topic PREFIX-KIND and sends COUNT records, for each KIND
 *   JavaClient fetch BOOTSTRAP COUNT TOPIC...           expects exactly these COUNT records in each topic
 *   JavaClient append BOOTSTRAP FROM-TO PREFIX KIND...  sends the records FROM to TO-1 to topics that exist
 *   JavaClient create BOOTSTRAP PARTITIONS TOPIC...     creates topics for another producer
 *
 * KIND is a codec (none gzip snappy lz4 zstd: acks=all, not idempotent), idempotent, acks-1 or acks-0.
 */
class JavaClient {
    static final int PARTITIONS = 3;
    static final Duration PATIENCE = Duration.ofSeconds(30);

    public static void main(String[] args) throws Exception {
        if (args.length < 4) throw fail("say: VERB BOOTSTRAP COUNT NAME...");
        String verb = args[0], bootstrap = args[1];
        int[] range = Arrays.stream(args[2].split("-")).mapToInt(Integer::parseInt).toArray();
        List<String> rest = Arrays.asList(args).subList(3, args.length);
        switch (verb) {
            case "create" -> create(bootstrap, range[0], rest);
            case "produce" -> {
                create(bootstrap, PARTITIONS, topics(rest));
                produce(bootstrap, 0, range[0], topics(rest));
            }
            case "append" -> produce(bootstrap, range[0], range[1], topics(rest));
            case "fetch" -> fetch(bootstrap, range[0], rest);
            default -> throw fail("what is %s?", verb);
        }
    }

    /** PREFIX KIND... to PREFIX-KIND... */
    static List<String> topics(List<String> words) {
        return words.stream().skip(1).map(kind -> words.get(0) + "-" + kind).collect(Collectors.toList());
    }

    static RuntimeException fail(String format, Object... arguments) {
        System.err.println("JavaClient: " + String.format(format, arguments));
        System.exit(1);
        return null;
    }

    static Map<String, Object> config(String bootstrap) {
        return new HashMap<>(Map.of("bootstrap.servers", bootstrap, "client.id", "interop-java"));
    }

    // ---- the data set -----------------------------------------------------------------------------------------------

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static long timestamp(int number) {
        return 1700000000000L + 10L * number - 33 * (number % 7);
    }

    static byte[] key(int number) {
        return number % 5 == 0 ? null : number % 25 == 1 ? new byte[0] : bytes("key-" + number % 1000);
    }

    static byte[] value(int number) {
        if (number % 10 == 3) return null;
        if (number % 10 == 4) return new byte[0];
        String filler = "x".repeat(number % 1000 == 999 ? 20000 : number % 200);
        return bytes(String.format("value-%d %08x %s \u00e9\"\\", number, number * (int) 2654435761L, filler));
    }

    static List<Header> headers(int number) {
        List<Header> all = List.of(new RecordHeader("i", bytes("" + number)), new RecordHeader("empty", new byte[0]), new RecordHeader("i", bytes("again")));
        return all.subList(0, number % 4);
    }

    // ---- produce ----------------------------------------------------------------------------------------------------

    static Map<String, Object> producerConfig(String bootstrap, String kind) {
        Map<String, Object> config = config(bootstrap);
        config.put("linger.ms", "5");
        config.put("enable.idempotence", kind.equals("idempotent"));
        if (kind.startsWith("acks-")) config.put("acks", kind.substring(5));
        else if (!kind.equals("idempotent")) config.put("compression.type", kind);
        return config;
    }

    /** Returns when all partitions serve: a refusal would be retried, and so change the order. */
    static void create(String bootstrap, int partitions, List<String> topics) throws Exception {
        List<NewTopic> wanted = new ArrayList<>();
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (String topic : topics) {
            wanted.add(new NewTopic(topic, partitions, (short) 1).configs(Map.of("retention.ms", "-1")));   // the time stamps are old
            for (int p = 0; p < partitions; p++) ends.put(new TopicPartition(topic, p), OffsetSpec.latest());
        }
        try (var admin = Admin.create(config(bootstrap))) {
            admin.createTopics(wanted).all().get();
            admin.listOffsets(ends).all().get();
        }
    }

    static void produce(String bootstrap, int from, int to, List<String> topics) throws Exception {
        for (String topic : topics) produce(bootstrap, from, to, topic);
    }

    static void produce(String bootstrap, int from, int to, String topic) throws Exception {
        String kind = topic.substring(topic.indexOf('-') + 1);
        long start = System.nanoTime();
        List<Future<?>> futures = new ArrayList<>(to - from);
        try (var producer = new KafkaProducer<byte[], byte[]>(producerConfig(bootstrap, kind), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int n = from; n < to; n++)
                futures.add(producer.send(new ProducerRecord<>(topic, n % PARTITIONS, timestamp(n), key(n), value(n), headers(n))));
            producer.flush();
            for (Future<?> future : futures) future.get();
        }
        System.out.printf("produce %s: %d records in %.2f s%n", topic, to - from, (System.nanoTime() - start) / 1e9);
    }

    // ---- fetch ------------------------------------------------------------------------------------------------------

    static String text(byte[] bytes) {
        return bytes == null ? "null" : '"' + new String(bytes, 0, Math.min(bytes.length, 80), StandardCharsets.UTF_8) + '"';
    }

    static void check(ConsumerRecord<byte[], byte[]> got, long position) {
        int number = (int) (position * PARTITIONS + got.partition());
        String where = String.format("%s-%d offset %d: record %d", got.topic(), got.partition(), got.offset(), number);
        if (got.offset() != position) throw fail("%s: the offset should be %d", where, position);
        if (got.timestamp() != timestamp(number)) throw fail("%s: timestamp: expected %d, got %d", where, timestamp(number), got.timestamp());
        if (got.timestampType() != TimestampType.CREATE_TIME) throw fail("%s: timestamp type %s", where, got.timestampType());
        if (!Arrays.equals(got.key(), key(number))) throw fail("%s: key: expected %s, got %s", where, text(key(number)), text(got.key()));
        if (!Arrays.equals(got.value(), value(number))) throw fail("%s: value: expected %s, got %s", where, text(value(number)), text(got.value()));
        if (!Arrays.asList(got.headers().toArray()).equals(headers(number)))
            throw fail("%s: headers: expected %s, got %s", where, headers(number), got.headers());
    }

    /** acks=0 may still be under way, so the end may take a moment to come. */
    static void awaitEnds(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, int count) {
        Map<TopicPartition, Long> expected = new HashMap<>(), ends;
        for (TopicPartition tp : partitions) expected.put(tp, (long) (count - tp.partition() + PARTITIONS - 1) / PARTITIONS);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!(ends = consumer.endOffsets(partitions)).equals(expected))
            if (System.nanoTime() > deadline) throw fail("the ends are %s, expected %s", ends, expected);
    }

    /** The first offset at or after a time stamp; the answer must be the first such record. */
    static void checkTimeLookup(KafkaConsumer<byte[], byte[]> consumer, TopicPartition tp, long position) {
        long time = timestamp((int) position * PARTITIONS + tp.partition()) - 5, expected = 0;
        while (timestamp((int) expected * PARTITIONS + tp.partition()) < time) expected++;
        var got = consumer.offsetsForTimes(Map.of(tp, time)).get(tp);
        if (got == null || got.offset() != expected) throw fail("%s: the first offset at or after %d is %d, got %s", tp, time, expected, got);
    }

    static void fetch(String bootstrap, int count, List<String> topics) {
        Map<String, Object> config = config(bootstrap);
        config.put("fetch.max.wait.ms", 100);
        try (var consumer = new KafkaConsumer<byte[], byte[]>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            for (String topic : topics) fetch(consumer, count, topic);
        }
    }

    static void fetch(KafkaConsumer<byte[], byte[]> consumer, int count, String topic) {
        long start = System.nanoTime();
        List<TopicPartition> partitions = new ArrayList<>();
        for (int p = 0; p < PARTITIONS; p++) partitions.add(new TopicPartition(topic, p));
        consumer.assign(partitions);
        awaitEnds(consumer, partitions, count);
        consumer.seekToBeginning(partitions);
        long[] positions = new long[PARTITIONS];
        for (int got = 0; got < count; ) {
            var records = consumer.poll(PATIENCE);
            if (records.isEmpty()) throw fail("%s: nothing more after %d of %d records", topic, got, count);
            for (var record : records) check(record, positions[record.partition()]++);
            got += records.count();
        }
        for (TopicPartition tp : partitions)
            for (int part = 0; part < 4; part++) checkTimeLookup(consumer, tp, positions[tp.partition()] * part / 4);
        System.out.printf("fetch %s: %d records in %.2f s%n", topic, count, (System.nanoTime() - start) / 1e9);
    }
}
