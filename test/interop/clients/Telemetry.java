import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.GetTelemetrySubscriptionsResponseData;
import org.apache.kafka.common.message.PushTelemetryRequestData;
import org.apache.kafka.common.message.PushTelemetryResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Clients that push their metrics (KIP-714). A broker without a receiver answers who asks, but does not list that it can, so that no client
 * would ask: this proxy puts the two APIs into its answer to ApiVersions, passes everything else on, and notes what is said about metrics.
 */
class Telemetry extends Thread {
    static final long PATIENCE_MS = 30_000;
    static final int EMPTY = 100;   // bytes: a push without metrics has fewer
    static final short[] KEYS = {ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS.id, ApiKeys.PUSH_TELEMETRY.id};

    final int brokerPort;
    final ServerSocket listener;
    final Set<String> noted = new LinkedHashSet<>();   // how often depends on the time
    final List<Integer> subscriptions = new ArrayList<>();
    Uuid given;   // the id of the last client that asked for one

    Telemetry(int brokerPort, int port) throws IOException {
        this.brokerPort = brokerPort;
        listener = new ServerSocket(port, 50, InetAddress.getByName("127.0.0.1"));
        setDaemon(true);
    }

    // ---- what happens -------------------------------------------------------------------------------------------------

    /** Subscriptions come and change while a client lives that they choose, and one that they do not. */
    void tell() throws Exception {
        Limits.tool("client-metrics --alter --name watch --metrics org.apache.kafka.producer. --interval 300 --match client_id=teller");
        var teller = producer("teller");
        await("teller pushes metrics of subscription 1: NONE");
        System.out.println("the client says the id that it was given: " + given.equals(teller.clientInstanceId(Duration.ofMillis(PATIENCE_MS))));
        Limits.tool("client-metrics --alter --name watch --interval 200");
        await("teller pushes metrics of subscription 2: NONE");
        teller.close();
        var silent = producer("silent");
        await("silent asks: NONE, [] every 300000 ms");
        silent.close();
        noted.forEach(System.out::println);
    }

    static KafkaProducer<byte[], byte[]> producer(String client) {
        var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", Limits.bootstrap, "client.id", client),
                new ByteArraySerializer(), new ByteArraySerializer());
        producer.partitionsFor(Limits.HELD.topic());
        return producer;
    }

    synchronized void await(String what) throws InterruptedException {
        for (long end = System.currentTimeMillis() + PATIENCE_MS; !noted.contains(what); wait(100))
            if (System.currentTimeMillis() > end) throw new IllegalStateException("not " + what + ", but " + noted);
    }

    /** A push is too early where the question before it came in one millisecond with the push before that, which nobody can help. */
    synchronized void note(String what) {
        if (what.endsWith(Errors.THROTTLING_QUOTA_EXCEEDED.toString())) return;
        noted.add(what);
        notifyAll();
    }

    synchronized int number(int subscription) {
        if (!subscriptions.contains(subscription)) subscriptions.add(subscription);
        return subscriptions.indexOf(subscription) + 1;
    }

    // ---- the proxy ----------------------------------------------------------------------------------------------------

    interface Passed {
        byte[] pass(byte[] frame) throws IOException;
    }

    @Override
    public void run() {
        try {
            while (true) new Pair(listener.accept(), new Socket("127.0.0.1", brokerPort)).begin();
        } catch (IOException e) {
            Runtime.getRuntime().halt(1);
        }
    }

    class Pair {
        final Socket client, broker;
        final Map<Integer, RequestHeaderData> asked = new ConcurrentHashMap<>();
        final Map<Integer, String> pushed = new ConcurrentHashMap<>();   // what the client did

        Pair(Socket client, Socket broker) {
            this.client = client;
            this.broker = broker;
        }

        void begin() {
            follow(client, broker, this::request);
            follow(broker, client, this::answer);
        }

        void follow(Socket from, Socket to, Passed passed) {
            var thread = new Thread(() -> {
                try (from; to) {
                    var in = new DataInputStream(from.getInputStream());
                    var out = new DataOutputStream(to.getOutputStream());
                    while (true) {
                        byte[] frame = new byte[in.readInt()];
                        in.readFully(frame);
                        frame = passed.pass(frame);
                        out.write(ByteBuffer.allocate(4 + frame.length).putInt(frame.length).put(frame).array());
                    }
                } catch (IOException e) {
                    return;   // one side has closed
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        byte[] request(byte[] frame) {
            var in = new ByteBufferAccessor(ByteBuffer.wrap(frame));
            var key = ApiKeys.forId(ByteBuffer.wrap(frame).getShort());
            var header = new RequestHeaderData(in, key.requestHeaderVersion(ByteBuffer.wrap(frame).getShort(2)));
            if (key == ApiKeys.PUSH_TELEMETRY) pushed.put(header.correlationId(), "%s pushes %s of subscription %d: ".formatted(header.clientId(),
                    frame.length > EMPTY ? "metrics" : "nothing", number(new PushTelemetryRequestData(in, (short) 0).subscriptionId())));
            asked.put(header.correlationId(), header);
            return frame;
        }

        byte[] answer(byte[] frame) {
            var header = asked.remove(ByteBuffer.wrap(frame).getInt());
            if (header == null) return frame;
            var key = ApiKeys.forId(header.requestApiKey());
            if (key == ApiKeys.API_VERSIONS) return listed(frame);
            var in = new ByteBufferAccessor(ByteBuffer.wrap(frame));
            if (key == ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS) {
                new ResponseHeaderData(in, (short) 1);
                subscribed(header.clientId(), new GetTelemetrySubscriptionsResponseData(in, (short) 0));
            } else if (key == ApiKeys.PUSH_TELEMETRY) {
                new ResponseHeaderData(in, (short) 1);
                note(pushed.remove(header.correlationId()) + Errors.forCode(new PushTelemetryResponseData(in, (short) 0).errorCode()));
            }
            return frame;
        }

        void subscribed(String client, GetTelemetrySubscriptionsResponseData said) {
            given = said.clientInstanceId();
            note("%s asks: %s, %s every %d ms".formatted(client, Errors.forCode(said.errorCode()), said.requestedMetrics(), said.pushIntervalMs()));
        }

        /** Correlation id, error, how many and one, then the APIs: each its key, two versions and no tagged field. */
        byte[] listed(byte[] frame) {
            int before = 4 + 2;
            var longer = ByteBuffer.allocate(frame.length + 7 * KEYS.length).put(frame, 0, before);
            longer.put((byte) (frame[before] + KEYS.length));   // fewer than 127
            for (short key : KEYS) longer.putShort(key).putInt(0).put((byte) 0);
            return longer.put(frame, before + 1, frame.length - before - 1).array();
        }
    }
}
