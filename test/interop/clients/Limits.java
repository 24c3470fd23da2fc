import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What Java's clients see of the quotas that kafka-configs sets, and of the subscriptions that kafka-client-metrics does:
 *
 *   Limits BROKER_PORT PROXY_PORT     the broker advertises PROXY_PORT, where Telemetry listens
 *
 * prints the same for every broker. The quota's window is eleven samples of two seconds. A client's first WINDOW_S * RATE bytes pass; FIRST
 * is 1.5 s more than that, so the answer to it says that much, whatever the machine does meanwhile; what comes next has to wait so long.
 * What clients log of their telemetry stands between the lines, in whatever order their threads have.
 */
class Limits {
    static final int RATE = 20_000, WINDOW_S = 20, FIRST = RATE * (WINDOW_S + 1) + RATE / 2, MORE = 10_000;
    static final double WAIT_S = 1.4;   // a clock may be finer than another
    static final TopicPartition HELD = new TopicPartition("held", 0);

    static String bootstrap;

    public static void main(String[] args) throws Exception {
        for (String what : List.of("Reporter", "Utils"))
            System.setProperty("org.slf4j.simpleLogger.log.org.apache.kafka.common.telemetry.internals.ClientTelemetry" + what, "debug");
        System.setErr(System.out);
        var telemetry = new Telemetry(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        telemetry.start();
        bootstrap = "127.0.0.1:" + args[1];
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap, "enable.metrics.push", false))) {
            for (String topic : List.of(HELD.topic(), "free")) admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
        }
        quotas();
        telemetry.tell();
        Runtime.getRuntime().halt(0);
    }

    static void tool(String line) throws Exception {
        System.out.println("$ " + line);
        int status = Tools.run(Tools.words(line), bootstrap);
        if (status != 0) System.out.println("exit " + status);
        try (var news = new News(bootstrap)) {
            news.await();
        }
    }

    // ---- quotas -------------------------------------------------------------------------------------------------------

    static void quotas() throws Exception {
        tool("configs --alter --entity-type clients --entity-name held --add-config producer_byte_rate=%d,consumer_byte_rate=%d,request_percentage=1000"
                .formatted(RATE, RATE));
        tool("configs --alter --entity-type clients --entity-name busy --add-config request_percentage=0.00001");
        var pool = Executors.newCachedThreadPool();
        List<Future<String>> said = new ArrayList<>();
        for (Callable<String> client : List.<Callable<String>>of(() -> send("held"), () -> send("free"), Limits::ask)) said.add(pool.submit(client));
        for (var line : said) System.out.println(line.get());
        said.clear();
        for (String client : List.of("held", "free")) said.add(pool.submit(() -> read(client)));
        for (var line : said) System.out.println(line.get());
        pool.shutdown();
    }

    static Map<String, Object> config(String client) {
        return new HashMap<>(Map.of("bootstrap.servers", bootstrap, "client.id", client, "enable.metrics.push", false));
    }

    static KafkaProducer<byte[], byte[]> producer(String client) {
        var config = config(client);
        config.putAll(Map.of("enable.idempotence", false, "acks", "1"));
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /** Each record is a batch and a request of its own. */
    static String send(String client) throws Exception {
        var topic = client.equals("held") ? HELD.topic() : "free";
        try (var producer = producer(client)) {
            producer.partitionsFor(topic);
            long start = System.nanoTime();
            producer.send(new ProducerRecord<>(topic, new byte[FIRST])).get();
            String told = told(producer.metrics(), "produce-throttle-time-max");
            producer.send(new ProducerRecord<>(topic, new byte[MORE])).get();
            return "producer " + client + ": " + told + held(client, start);
        }
    }

    /** max.partition.fetch.bytes: a batch at a time. */
    static String read(String client) {
        var config = config(client);
        config.putAll(Map.of("max.partition.fetch.bytes", 1, "auto.offset.reset", "earliest", "fetch.max.wait.ms", 100));
        try (var consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(HELD));
            consumer.seekToBeginning(List.of(HELD));
            long start = System.nanoTime();
            while (consumer.poll(Duration.ofSeconds(1)).isEmpty());   // the first answer has no records
            return "consumer " + client + ": " + told(consumer.metrics(), "fetch-throttle-time-max") + held(client, start);
        }
    }

    /** Each request takes longer than the quota allows, by far, and the wait for that is a sample at most. */
    static String ask() {
        try (var producer = producer("busy")) {
            producer.partitionsFor(HELD.topic());
            return "requests: " + told(producer.metrics(), "produce-throttle-time-max");
        }
    }

    static String told(Map<MetricName, ? extends Metric> metrics, String name) {
        for (var metric : metrics.values())
            if (metric.metricName().name().equals(name) && !metric.metricName().tags().containsKey("topic"))
                return "%s %.1f s".formatted(name, (double) metric.metricValue() / 1000);
        throw new IllegalStateException("no metric " + name);
    }

    /** Nobody knows how long the others take. */
    static String held(String client, long startNs) {
        if (!client.equals("held")) return "";
        return (System.nanoTime() - startNs) / 1e9 >= WAIT_S ? ", and waits so long" : ", but does not wait";
    }
}
