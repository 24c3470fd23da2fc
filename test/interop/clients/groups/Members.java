import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Members of consumer groups, many in one JVM: Members BOOTSTRAP [join ...] < COMMANDS. members.py says what they are told and what they say.
 * Beside that: topics as /PATTERN/ are a regular expression that the broker resolves; settings with a dot are the consumer's own;
 * and there are commands to Java's Admin client:
 *
 *   committed GROUP            answered with GROUP/admin committed TOPIC:PARTITION:OFFSET...
 *   describe GROUP             GROUP/admin describes STATE TYPE ASSIGNOR MEMBERS
 *   remove GROUP INSTANCE      takes a static member out; GROUP/admin removed
 */
class Members {
    static final Map<String, String> ASSIGNORS = Map.of("range", "RangeAssignor", "roundrobin", "RoundRobinAssignor",
            "sticky", "StickyAssignor", "cooperative-sticky", "CooperativeStickyAssignor");
    static final FileOutputStream OUT = new FileOutputStream(FileDescriptor.out);
    static final Map<String, Member> MEMBERS = new ConcurrentHashMap<>();

    /** In one write, so that it stays a line among what others say. */
    static void say(String line) {
        try {
            OUT.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            Runtime.getRuntime().halt(1);   // nobody listens
        }
    }

    public static void main(String[] args) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in));
        if (args.length > 1) new Member(args[0], Arrays.copyOfRange(args, 1, args.length)).start();
        try (var admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            for (String line; (line = lines.readLine()) != null; ) {
                String[] words = line.split(" ");
                switch (words[0]) {
                    case "join" -> new Member(args[0], words).start();
                    case "committed" -> committed(admin, words[1]);
                    case "describe" -> describe(admin, words[1]);
                    case "remove" -> remove(admin, words[1], words[2]);
                    default -> MEMBERS.get(words[0]).told.add(words[1]);
                }
            }
        }
        Runtime.getRuntime().halt(0);
    }

    static void committed(Admin admin, String group) throws Exception {
        say(group + "/admin committed " + admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().entrySet().stream()
                .map(entry -> name(entry.getKey()) + ":" + entry.getValue().offset()).sorted().collect(Collectors.joining(" ")));
    }

    static void describe(Admin admin, String group) throws Exception {
        var found = admin.describeConsumerGroups(List.of(group)).all().get().get(group);
        say(group + "/admin describes " + found.groupState() + " " + found.type() + " " + found.partitionAssignor() + " "
                + found.members().size());
    }

    static void remove(Admin admin, String group, String instance) throws Exception {
        var who = new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove(instance)));
        admin.removeMembersFromConsumerGroup(group, who).all().get();
        say(group + "/admin removed");
    }

    static String name(TopicPartition partition) {
        return partition.topic() + ":" + partition.partition();
    }

    static class Member extends Thread implements ConsumerRebalanceListener {
        final String name;
        final KafkaConsumer<String, String> consumer;
        final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        boolean holds, uncommitted, dead;

        Member(String bootstrap, String[] words) {   // join NAME GROUP TOPICS NAME=VALUE...
            name = words[1];
            Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "group.id", words[2], "client.id", name,
                    "auto.offset.reset", "earliest", "enable.auto.commit", false, "fetch.max.wait.ms", 50, "metadata.max.age.ms", 1000));
            for (String word : List.of(words).subList(4, words.length)) set(config, word.split("=", 2));
            if (!"consumer".equals(config.get("group.protocol"))) config.put("heartbeat.interval.ms", 300);
            consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
            subscribe(words[3]);
            MEMBERS.put(name, this);
        }

        void set(Map<String, Object> config, String[] setting) {
            switch (setting[0]) {
                case "assignor" -> config.put("partition.assignment.strategy",
                        "org.apache.kafka.clients.consumer." + ASSIGNORS.get(setting[1]));
                case "session" -> config.put("session.timeout.ms", setting[1]);
                case "instance" -> config.put("group.instance.id", setting[1]);
                default -> config.put(setting[0], setting[1]);
            }
        }

        void subscribe(String topics) {
            if (topics.startsWith("/"))
                consumer.subscribe(new SubscriptionPattern(topics.substring(1, topics.length() - 1)), this);
            else if (topics.startsWith("~"))
                consumer.subscribe(Pattern.compile(topics.substring(1)), this);
            else
                consumer.subscribe(List.of(topics.split(",")), this);
        }

        @Override
        public void run() {
            try {
                while (goesOn(told.poll())) {
                    for (var record : consumer.poll(Duration.ofMillis(50))) {
                        say(name + " read " + record.topic() + ":" + record.partition() + " " + record.offset() + " " + record.value());
                        uncommitted = true;
                    }
                    commit();
                }
                if (!dead) {
                    consumer.close();
                    say(name + " gone");
                }
            } catch (FencedInstanceIdException | UnreleasedInstanceIdException e) {
                say(name + " refused");
                consumer.close(CloseOptions.timeout(Duration.ZERO));
            } catch (Exception e) {
                e.printStackTrace();
                Runtime.getRuntime().halt(1);
            }
        }

        /** Leaving in good order is left to the caller. */
        boolean goesOn(String what) {
            if ("hold".equals(what)) {
                holds = true;
                say(name + " holds");
            } else if ("die".equals(what)) {
                dead = true;
                consumer.close(CloseOptions.timeout(Duration.ZERO).withGroupMembershipOperation(GroupMembershipOperation.REMAIN_IN_GROUP));
                say(name + " died");
            }
            return !dead && !"leave".equals(what);
        }

        void commit() {
            if (holds || !uncommitted) return;
            try {
                consumer.commitSync();
                uncommitted = false;
            } catch (RebalanceInProgressException e) {
                return;   // again when it is over, or when something is taken away
            }
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            tell("assigned", partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            if (!dead) commit();
            tell("revoked", partitions);
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            tell("lost", partitions);
        }

        void tell(String what, Collection<TopicPartition> partitions) {
            if (!dead)
                say(name + " " + what + partitions.stream().map(partition -> " " + name(partition)).collect(Collectors.joining()));
        }
    }
}
