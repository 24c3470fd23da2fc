import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Consumer groups as commands of Tools, so that there is something to look at:
 *
 *   commit GROUP TOPIC:PARTITION:OFFSET...    what a consumer without a group's assignment commits
 *   member NAME GROUP TOPIC,... NAME=VALUE... lives in this group from now on; returns when it has something and committed all of it
 *   settle-members                            waits until those that live have all read and committed everything
 *   unmember NAME                             leaves; returns when those that stay in its group have what it had
 *   committed GROUP                           as the Admin client lists it
 *   alter GROUP TOPIC:PARTITION:OFFSET...     AlterConsumerGroupOffsets of the Admin client
 */
class Groups {
    static final long PATIENCE_MS = 60_000;
    static final Map<String, Member> MEMBERS = new ConcurrentHashMap<>();

    static boolean has(String command) {
        return List.of("commit", "member", "unmember", "settle-members", "committed", "alter").contains(command);
    }

    static void run(String bootstrap, List<String> words) throws Exception {
        switch (words.get(0)) {
            case "commit" -> commit(bootstrap, words.get(1), offsets(words.subList(2, words.size())));
            case "member" -> join(bootstrap, words);
            case "settle-members" -> settle();
            case "unmember" -> leave(MEMBERS.remove(words.get(1)));
            default -> admin(bootstrap, words);
        }
    }

    static Map<TopicPartition, OffsetAndMetadata> offsets(List<String> words) {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (String word : words) {
            int colon = word.lastIndexOf(':');
            offsets.put(LogDirs.partition(word.substring(0, colon)), new OffsetAndMetadata(Long.parseLong(word.substring(colon + 1))));
        }
        return offsets;
    }

    static Map<String, Object> config(String bootstrap, String group) {
        return new HashMap<>(Map.of("bootstrap.servers", bootstrap, "group.id", group, "enable.auto.commit", false, "auto.offset.reset",
                "earliest", "fetch.max.wait.ms", 50));
    }

    static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> config) {
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    static void commit(String bootstrap, String group, Map<TopicPartition, OffsetAndMetadata> offsets) {
        try (var consumer = consumer(config(bootstrap, group))) {
            consumer.assign(offsets.keySet());
            consumer.commitSync(offsets);
        }
    }

    static void admin(String bootstrap, List<String> words) throws Exception {
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            if (words.get(0).equals("alter"))
                admin.alterConsumerGroupOffsets(words.get(1), offsets(words.subList(2, words.size()))).all().get();
            Map<String, Long> found = new TreeMap<>();
            admin.listConsumerGroupOffsets(words.get(1)).partitionsToOffsetAndMetadata().get()
                    .forEach((partition, offset) -> found.put(partition.toString(), offset.offset()));
            System.out.println(found);
        }
    }

    static void join(String bootstrap, List<String> words) throws Exception {
        Map<String, Object> config = config(bootstrap, words.get(2));
        config.put("client.id", words.get(1));
        for (String word : words.subList(4, words.size())) config.put(word.split("=", 2)[0], word.split("=", 2)[1]);
        if (!"consumer".equals(config.get("group.protocol"))) config.put("heartbeat.interval.ms", 200);
        var member = new Member(words.get(2), consumer(config), List.of(words.get(3).split(",")));
        MEMBERS.put(words.get(1), member);
        member.start();
        settle();
    }

    /** Until every member has something and nobody changed it for a while, and all is committed. */
    static void settle() throws Exception {
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        for (Member member : MEMBERS.values()) {
            if (!member.assigned.await(PATIENCE_MS, TimeUnit.MILLISECONDS)) throw new IllegalStateException("nothing is assigned");
        }
        while (!MEMBERS.values().stream().allMatch(member -> member.settled)) {
            if (System.currentTimeMillis() > deadline) throw new IllegalStateException("not all is committed");
            Thread.sleep(20);
        }
    }

    static void leave(Member leaving) throws Exception {
        leaving.leave();
        List<Member> others = MEMBERS.values().stream().filter(member -> member.group.equals(leaving.group)).toList();
        long deadline = System.currentTimeMillis() + PATIENCE_MS;
        while (!others.isEmpty() && others.stream().mapToInt(member -> member.owned).sum() != leaving.partitions) {
            if (System.currentTimeMillis() > deadline) throw new IllegalStateException("what it had is nobody's");
            Thread.sleep(20);
        }
    }

    static class Member extends Thread implements ConsumerRebalanceListener {
        final String group;
        final KafkaConsumer<byte[], byte[]> consumer;
        final int partitions;   // of all that it is subscribed to
        volatile int owned;
        final CountDownLatch assigned = new CountDownLatch(1);
        volatile boolean leaves, settled;

        Member(String group, KafkaConsumer<byte[], byte[]> consumer, List<String> topics) {
            this.group = group;
            this.consumer = consumer;
            partitions = topics.stream().mapToInt(topic -> consumer.partitionsFor(topic).size()).sum();
            consumer.subscribe(topics, this);
        }

        void leave() throws InterruptedException {
            leaves = true;
            join();
        }

        @Override
        public void run() {
            while (!leaves) {
                consumer.poll(Duration.ofMillis(50));
                consumer.commitSync();
                owned = consumer.assignment().size();
                settled = !consumer.assignment().isEmpty() && atTheEnd();
            }
            consumer.close();
        }

        boolean atTheEnd() {
            List<TopicPartition> partitions = new ArrayList<>(consumer.assignment());
            return consumer.endOffsets(partitions).entrySet().stream().allMatch(end -> consumer.position(end.getKey()) == end.getValue());
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            if (!partitions.isEmpty()) assigned.countDown();
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            settled = false;
        }
    }
}
