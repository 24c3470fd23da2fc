import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;

/**
 * An application that counts words. Words are sent on by themselves (a repartition topic), their counts are kept in memory and in a
 * changelog, from which whoever takes a partition over begins. At least once is exactly once where nobody dies.
 *
 *   Streams BOOTSTRAP DIRECTORY           instances come and go; each time the counts must be those of all words that were sent
 *   Streams BOOTSTRAP DIRECTORY SECONDS   two instances count what is sent for so long, whatever becomes of the broker meanwhile
 */
class Streams {
    static final int PARTITIONS = 4, WORDS = 50, LINES = 1500;
    static final long PATIENCE_MS = 60_000, PACE_MS = 100;
    static final int LINES_AT_ONCE = 20;

    final String bootstrap, directory;
    final AtomicInteger rebalances = new AtomicInteger();
    final Map<String, Long> expected = new TreeMap<>();
    int serial;

    Streams(String bootstrap, String directory) {
        this.bootstrap = bootstrap;
        this.directory = directory;
    }

    public static void main(String[] args) throws Exception {
        var test = new Streams(args[0], args[1]);
        try (var admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
            for (String topic : List.of("lines", "counts"))
                admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1))).all().get();
            if (args.length == 2) test.comeAndGo(); else test.liveFor(Integer.parseInt(args[2]));
            System.out.println(new TreeMap<>(admin.describeTopics(admin.listTopics().names().get()).allTopicNames().get()).keySet());
        }
        Runtime.getRuntime().halt(0);   // whatever a client still does in the background
    }

    void comeAndGo() throws Exception {
        sendSome();
        var first = start("first");
        check("one instance counts what was sent before");
        var second = start("second");
        sendSome();
        check("a second one comes");
        stop(first);
        sendSome();
        check("the first one goes");
        stop(second);
        sendSome();
        var third = start("third");
        check("who comes later goes on, from the changelog");
        stop(third);
    }

    /** Who takes part in no rebalance meanwhile has nothing to do again. */
    void liveFor(int seconds) throws Exception {
        var first = start("first");
        var second = start("second");
        sendSome();
        check("two instances count", true);
        int before = rebalances.get();
        System.out.println("begins");
        sendFor(seconds);
        boolean undisturbed = rebalances.get() == before;
        check("after %d s, %s".formatted(seconds, undisturbed ? "without a rebalance" : "after a rebalance"), undisturbed);
        stop(first);
        stop(second);
    }

    // ---- the application ----------------------------------------------------------------------------------------------

    static Topology topology() {
        var builder = new StreamsBuilder();
        builder.stream("lines", Consumed.with(Serdes.String(), Serdes.String()))
                .flatMapValues(line -> List.of(line.split(" ")))
                .groupBy((key, word) -> word, Grouped.with("words", Serdes.String(), Serdes.String()))
                .count(Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("count")).withKeySerde(Serdes.String())
                        .withValueSerde(Serdes.Long()))
                .toStream().to("counts", Produced.with(Serdes.String(), Serdes.Long()));
        return builder.build();
    }

    KafkaStreams start(String name) throws Exception {
        var config = new Properties();
        config.putAll(Map.of(StreamsConfig.APPLICATION_ID_CONFIG, "word-count", StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
                StreamsConfig.CLIENT_ID_CONFIG, name, StreamsConfig.STATE_DIR_CONFIG, directory + "/" + name,
                StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100, "consumer.session.timeout.ms", 6000, "consumer.heartbeat.interval.ms", 300,
                "consumer.fetch.max.wait.ms", 50, "restore.consumer.fetch.max.wait.ms", 50));
        var streams = new KafkaStreams(topology(), config);
        streams.setUncaughtExceptionHandler(e -> {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        streams.setStateListener((now, before) -> {
            if (now == KafkaStreams.State.REBALANCING) rebalances.incrementAndGet();
        });
        streams.start();
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (streams.state() != KafkaStreams.State.RUNNING) {
            if (System.currentTimeMillis() > deadline) throw new IllegalStateException(name + " is " + streams.state());
            Thread.sleep(20);
        }
        return streams;
    }

    /** Streams does not leave its group; its session ends. */
    static void stop(KafkaStreams streams) {
        if (!streams.close(Duration.ofMillis(PATIENCE_MS))) throw new IllegalStateException("it does not stop");
        streams.cleanUp();
    }

    // ---- what goes in, what comes out ---------------------------------------------------------------------------------

    KafkaProducer<String, String> producer() {
        return new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer());
    }

    List<Future<?>> send(KafkaProducer<String, String> producer, int lines) {
        List<Future<?>> sent = new ArrayList<>();
        for (int i = 0; i < lines; i++, serial++) {
            String one = "word-" + serial % WORDS, other = "word-" + serial * 7 % 13;
            for (String word : List.of(one, other)) expected.merge(word, 1L, Long::sum);
            sent.add(producer.send(new ProducerRecord<>("lines", serial % PARTITIONS, null, one + " " + other)));
        }
        return sent;
    }

    void sendSome() throws Exception {
        try (var producer = producer()) {
            for (var future : send(producer, LINES)) future.get();
        }
    }

    void sendFor(int seconds) throws Exception {
        List<Future<?>> sent = new ArrayList<>();
        try (var producer = producer()) {
            for (long end = System.currentTimeMillis() + seconds * 1000L; System.currentTimeMillis() < end; Thread.sleep(PACE_MS))
                sent.addAll(send(producer, LINES_AT_ONCE));
            for (var future : sent) future.get();
        }
    }

    void check(String what) throws Exception {
        check(what, true);
    }

    /** The counts become those of all words that were sent, or, where work was done again, no less. */
    void check(String what, boolean exactly) throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        Map<String, Long> counts = new TreeMap<>();
        try (var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap), new StringDeserializer(), new LongDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int i = 0; i < PARTITIONS; i++) partitions.add(new TopicPartition("counts", i));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!allCounted(counts, exactly)) {
                consumer.poll(Duration.ofMillis(50)).forEach(record -> counts.put(record.key(), record.value()));
                if (System.currentTimeMillis() > deadline) throw new IllegalStateException("counted " + counts + ", sent " + expected);
            }
        }
        System.out.println(what + ": " + total(expected) + " words" + (exactly ? "" : ", counted " + total(counts) + " times"));
    }

    boolean allCounted(Map<String, Long> counts, boolean exactly) {
        if (exactly)
            counts.forEach((word, count) -> {
                if (count > expected.getOrDefault(word, 0L)) throw new IllegalStateException(word + " is counted " + count + " times");
            });
        return expected.entrySet().stream().allMatch(sent -> counts.getOrDefault(sent.getKey(), 0L) >= sent.getValue());
    }

    static long total(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(count -> count).sum();
    }
}
