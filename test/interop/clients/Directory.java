import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The client of a directory that brokers hand over: Directory BOOTSTRAP < COMMANDS, in one JVM for all of them.
 *
 *   change N ours|kafka    does what hop N does to a cluster: see Changes
 *   remember kafka|ours    looks at everything that a client can see: see View
 *   compare kafka|ours HOW looks again; everything must be as remembered, but for what compaction may take
 *   tool FILE WORDS...     puts there what a tool of Kafka prints: see Tools
 *   create | write SEED | read FILE   see Compaction
 *   quit
 *
 * Answers each with a line that begins with "done" or, after what is wrong, "failed".
 */
class Directory {
    /** Where System.out goes: Kafka's tools keep the first one that they see. */
    static OutputStream target = OutputStream.nullOutputStream();

    final String bootstrap;
    final Changes changes;
    View remembered;

    Directory(String bootstrap) {
        this.bootstrap = bootstrap;
        changes = new Changes(bootstrap);
    }

    public static void main(String[] args) throws Exception {
        var answers = System.out;
        System.setOut(new PrintStream(new Redirected()));
        var lines = new BufferedReader(new InputStreamReader(System.in));
        var directory = new Directory(args[0]);
        for (String line; (line = lines.readLine()) != null && !line.equals("quit"); ) {
            long start = System.nanoTime();
            try {
                String says = directory.obey(Tools.words(line));
                answers.printf("done: %.60s: %s (%.1f s)%n", line, says, (System.nanoTime() - start) / 1e9);
            } catch (Exception e) {
                e.printStackTrace(answers);
                answers.println("failed: " + line);
            }
        }
        System.exit(0);   // a producer may hold a transaction open
    }

    String obey(List<String> words) throws Exception {
        boolean kafka = words.subList(1, words.size()).contains("kafka");
        switch (words.get(0)) {
            case "change" -> {
                String says = changes.hop(Integer.parseInt(words.get(1)), kafka);
                try (var news = new News(bootstrap)) {
                    news.await();
                }
                return says;
            }
            case "remember" -> { return (remembered = View.of(bootstrap, kafka, remembered)).summary(); }
            case "compare" -> { return View.of(bootstrap, kafka, remembered).compareTo(remembered); }
            case "tool" -> into(words.get(1), () -> {
                int status = Tools.run(words.subList(2, words.size()), bootstrap);
                if (status != 0) throw new IllegalStateException("exit " + status);
            });
            case "create" -> Compaction.create(bootstrap);
            case "write" -> Compaction.write(bootstrap, Long.parseLong(words.get(1)));
            case "read" -> into(words.get(1), () -> Compaction.read(bootstrap));
            default -> throw new IllegalArgumentException("what is " + words + "?");
        }
        return words.get(0);
    }

    // ---- what is printed ----------------------------------------------------------------------------------------------

    interface Action {
        void act() throws Exception;
    }

    static void into(String file, Action action) throws Exception {
        var errors = System.err;
        System.setErr(System.out);
        try (var out = new BufferedOutputStream(Files.newOutputStream(Path.of(file)))) {
            target = out;
            action.act();
            System.out.flush();
        } finally {
            System.setErr(errors);
            target = OutputStream.nullOutputStream();
        }
    }

    static class Redirected extends OutputStream {
        @Override
        public void write(int one) throws IOException {
            target.write(one);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            target.write(bytes, from, count);
        }
    }
}
