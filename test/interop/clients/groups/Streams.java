import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Future;
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
 * An application that counts words: Streams BOOTSTRAP DIRECTORY. Words are sent on by themselves (a repartition topic), their counts are
 * kept in memory and in a changelog, from which whoever takes a partition over begins. Its instances come and go; each time the counts
 * must be those of all words that were sent: at least once is exactly once where nobody dies.
 */
class Streams {
    static final int PARTITIONS = 4, WORDS = 50, LINES = 1500;
    static final long PATIENCE_MS = 60_000;

    final String bootstrap, directory;
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
            test.live();
            System.out.println(new TreeMap<>(admin.describeTopics(admin.listTopics().names().get()).allTopicNames().get()).keySet());
        }
        Runtime.getRuntime().halt(0);   // whatever a client still does in the background
    }

    void live() throws Exception {
        send();
        var first = start("first");
        check("one instance counts what was sent before");
        var second = start("second");
        send();
        check("a second one comes");
        stop(first);
        send();
        check("the first one goes");
        stop(second);
        send();
        var third = start("third");
        check("who comes later goes on, from the changelog");
        stop(third);
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

    void send() throws Exception {
        List<Future<?>> sent = new ArrayList<>();
        try (var producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < LINES; i++, serial++) {
                String one = "word-" + serial % WORDS, other = "word-" + serial * 7 % 13;
                for (String word : List.of(one, other)) expected.merge(word, 1L, Long::sum);
                sent.add(producer.send(new ProducerRecord<>("lines", serial % PARTITIONS, null, one + " " + other)));
            }
        }
        for (var future : sent) future.get();
    }

    void check(String what) throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        Map<String, Long> counts = new TreeMap<>();
        try (var consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap), new StringDeserializer(), new LongDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int i = 0; i < PARTITIONS; i++) partitions.add(new TopicPartition("counts", i));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!counts.equals(expected)) {
                consumer.poll(Duration.ofMillis(50)).forEach(record -> counts.put(record.key(), record.value()));
                counts.forEach((word, count) -> {
                    if (count > expected.getOrDefault(word, 0L)) throw new IllegalStateException(word + " is counted " + count + " times");
                });
                if (System.currentTimeMillis() > deadline) throw new IllegalStateException("counted " + counts + ", sent " + expected);
            }
        }
        System.out.println(what + ": " + expected.values().stream().mapToLong(count -> count).sum() + " words");
    }
}
