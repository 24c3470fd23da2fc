import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Replicas and their log directories, by Java's Admin client, as commands of Tools:
 *
 *   replicas TOPIC:PARTITION...        which directory each is in, and which it is on its way to
 *   move DIRECTORY TOPIC:PARTITION...  AlterReplicaLogDirs
 *   settle                             waits until no replica is on its way
 *   fill TOPIC:PARTITION COUNT SIZE    that many batches of one record: what lies on disk is the same for every broker
 */
class LogDirs {
    static final long PATIENCE_MS = 60_000;

    static boolean has(String command) {
        return List.of("replicas", "move", "settle", "fill").contains(command);
    }

    static void run(String bootstrap, List<String> words) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap);
        try (var admin = Admin.create(config)) {
            switch (words.get(0)) {
                case "replicas" -> replicas(admin, words.subList(1, words.size()));
                case "move" -> move(admin, words.get(1), words.subList(2, words.size()));
                case "settle" -> settle(admin);
                default -> fill(config, partition(words.get(1)), Integer.parseInt(words.get(2)), Integer.parseInt(words.get(3)));
            }
        }
    }

    static TopicPartition partition(String word) {
        int colon = word.indexOf(':');
        return new TopicPartition(word.substring(0, colon), Integer.parseInt(word.substring(colon + 1)));
    }

    static Collection<TopicPartitionReplica> replicas(List<String> words) {
        List<TopicPartitionReplica> replicas = new ArrayList<>();
        for (String word : words) replicas.add(new TopicPartitionReplica(partition(word).topic(), partition(word).partition(), 1));
        return replicas;
    }

    static void replicas(Admin admin, List<String> words) throws Exception {
        var values = admin.describeReplicaLogDirs(replicas(words)).values();
        for (TopicPartitionReplica replica : replicas(words)) {
            var info = values.get(replica).get();
            System.out.println(replica + ": in " + info.getCurrentReplicaLogDir() + " lag " + info.getCurrentReplicaOffsetLag()
                    + ", on its way to " + info.getFutureReplicaLogDir());
        }
    }

    static void move(Admin admin, String directory, List<String> words) throws Exception {
        Map<TopicPartitionReplica, String> asked = new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
        for (TopicPartitionReplica replica : replicas(words)) asked.put(replica, directory);
        var values = admin.alterReplicaLogDirs(asked).values();
        for (TopicPartitionReplica replica : asked.keySet())
            try {
                values.get(replica).get();
                System.out.println(replica + ": moves");
            } catch (ExecutionException e) {
                System.out.println(replica + ": " + e.getCause());
            }
    }

    static void settle(Admin admin) throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values().stream()
                .anyMatch(dir -> dir.replicaInfos().values().stream().anyMatch(replica -> replica.isFuture()))) {
            if (System.currentTimeMillis() > deadline) throw new IllegalStateException("replicas are still on their way");
            Thread.sleep(20);
        }
    }

    static void fill(Map<String, Object> config, TopicPartition partition, int count, int size) throws Exception {
        try (var producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < count; i++)
                producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), 1700000000000L + i, null,
                        new byte[size])).get();
        }
    }
}
