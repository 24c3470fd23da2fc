import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Kafka's command line tools one after the other in one JVM: Tools BOOTSTRAP PAUSE < COMMANDS
 *
 * Each line is "TOOL ARGUMENTS...", without the bootstrap server; a word may stand in single quotes. delete-records is given
 * TOPIC:PARTITION:OFFSET... or, in one word, the content of its file, as leader-election and reassign-partitions are. lines=ROW;ROW is a
 * file with these rows, id=TOPIC the topic's id. "controller" in front means --bootstrap-controller, ten thousand ports above. Some commands are our own: see LogDirs and Groups. Prints each command, what it prints on
 * either stream, and its exit status if that is not 0. Unless PAUSE is 0, the broker that is asked next has learnt of each change, see News;
 * where that cannot be known, PAUSE ms go by.
 */
class Tools {
    static final Map<String, String> CLASSES = Map.ofEntries(
            Map.entry("acls", "org.apache.kafka.tools.AclCommand"),
            Map.entry("broker-api-versions", "org.apache.kafka.tools.BrokerApiVersionsCommand"),
            Map.entry("client-metrics", "org.apache.kafka.tools.ClientMetricsCommand"),
            Map.entry("cluster", "org.apache.kafka.tools.ClusterTool"),
            Map.entry("configs", "kafka.admin.ConfigCommand"),
            Map.entry("consumer-groups", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
            Map.entry("delegation-tokens", "org.apache.kafka.tools.DelegationTokenCommand"),
            Map.entry("delete-records", "org.apache.kafka.tools.DeleteRecordsCommand"),
            Map.entry("dump-log", "org.apache.kafka.tools.DumpLogSegments"),
            Map.entry("features", "org.apache.kafka.tools.FeatureCommand"),
            Map.entry("get-offsets", "org.apache.kafka.tools.GetOffsetShell"),
            Map.entry("groups", "org.apache.kafka.tools.GroupsCommand"),
            Map.entry("leader-election", "org.apache.kafka.tools.LeaderElectionCommand"),
            Map.entry("log-dirs", "org.apache.kafka.tools.LogDirsCommand"),
            Map.entry("metadata-quorum", "org.apache.kafka.tools.MetadataQuorumCommand"),
            Map.entry("reassign-partitions", "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"),
            Map.entry("topics", "org.apache.kafka.tools.TopicCommand"),
            Map.entry("transactions", "org.apache.kafka.tools.TransactionsCommand"));

    public static void main(String[] args) throws Exception {
        System.setErr(System.out);
        int pause = Integer.parseInt(args[1]);
        var lines = new BufferedReader(new InputStreamReader(System.in));
        try (var news = pause == 0 ? null : new News(args[0])) {
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.isBlank() || line.startsWith("#")) continue;
                System.out.println("$ " + line);
                int status = run(words(line), args[0]);
                if (status != 0) System.out.println("exit " + status);
                if (news != null && changes(line) && !news.await()) Thread.sleep(pause);
            }
        }
    }

    /** What a coordinator answers, it knows. */
    static boolean changes(String line) {
        return !line.contains("--describe") && !line.contains("--list") && !line.startsWith("consumer-groups ")
                && !Groups.has(line.split(" ")[0]);
    }

    static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        for (String part : line.trim().split(" +(?=(?:[^']*'[^']*')*[^']*$)")) words.add(part.replace("'", ""));
        return words;
    }

    /** The tools end by this, as the last thing that they do. */
    static int run(List<String> words, String bootstrap) throws Exception {
        int[] ended = {0};
        Exit.setExitProcedure((status, message) -> ended[0] = status);
        if (LogDirs.has(words.get(0)) || Groups.has(words.get(0))) {
            if (LogDirs.has(words.get(0))) LogDirs.run(bootstrap, words);
            else Groups.run(bootstrap, words);
            return 0;
        }
        boolean controller = words.get(0).equals("controller");
        if (controller) words = words.subList(1, words.size());
        List<String> rest = new ArrayList<>(words.subList(1, words.size()));
        if (words.get(0).equals("delete-records")) rest = offsetFile(rest);
        if (words.get(0).equals("leader-election") || words.get(0).equals("reassign-partitions")) rest.replaceAll(word -> word.startsWith("{") ? file(word) : word);
        for (int i = 0; i < rest.size(); i++) {
            if (rest.get(i).startsWith("lines=")) rest.set(i, file(rest.get(i).substring(6).replace(';', '\n') + "\n"));
            if (rest.get(i).startsWith("id=")) rest.set(i, topicId(bootstrap, rest.get(i).substring(3)));
        }
        if (!words.get(0).equals("dump-log"))
            rest.addAll(words.get(0).equals("cluster") ? 1 : 0, controller
                    ? List.of("--bootstrap-controller", controllerOf(bootstrap)) : List.of("--bootstrap-server", bootstrap));
        tool(CLASSES.get(words.get(0))).getMethod("main", String[].class).invoke(null, (Object) rest.toArray(new String[0]));
        return ended[0];
    }

    /** Where every broker of a scenario has its controller's listener. */
    static String controllerOf(String bootstrap) {
        int colon = bootstrap.lastIndexOf(':') + 1;
        return bootstrap.substring(0, colon) + (Integer.parseInt(bootstrap.substring(colon)) + 10000);
    }

    /** What delete-records reads from a file. */
    static List<String> offsetFile(List<String> words) throws Exception {
        String content = words.get(0);
        if (!content.contains("{"))
            content = words.stream().map(word -> word.split(":", 3))
                    .map(part -> "{\"topic\":\"%s\",\"partition\":%s,\"offset\":%s}".formatted(part[0], part[1], part[2]))
                    .collect(Collectors.joining(",", "{\"partitions\":[", "],\"version\":1}"));
        return new ArrayList<>(List.of("--offset-json-file", file(content)));
    }

    static String topicId(String bootstrap, String topic) throws Exception {
        try (var admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId().toString();
        }
    }

    static String file(String content) {
        try {
            Path file = Files.createTempFile("tool", ".json");
            file.toFile().deleteOnExit();
            return Files.writeString(file, content).toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In 3.9 some stand in another package. */
    static Class<?> tool(String name) throws ClassNotFoundException {
        for (String place : List.of("org.apache.kafka.tools", "kafka.tools", "kafka.admin"))
            try {
                return Class.forName(name.replace("org.apache.kafka.tools", place));
            } catch (ClassNotFoundException e) {
                continue;
            }
        throw new ClassNotFoundException(name);
    }
}
