import java.io.BufferedReader;
import java.io.InputStreamReader;

/**
 * The client of a directory that brokers hand over: Directory BOOTSTRAP < COMMANDS, in one JVM for all of them.
 *
 *   change N ours|kafka    does what hop N does to a cluster: see Changes
 *   remember kafka|ours    looks at everything that a client can see: see View
 *   compare kafka|ours HOW looks again; everything must be as remembered, but for what compaction may take
 *   quit
 *
 * Answers each with a line that begins with "done" or, after what is wrong, "failed".
 */
class Directory {
    public static void main(String[] args) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in));
        var changes = new Changes(args[0]);
        View remembered = null;
        for (String line; (line = lines.readLine()) != null && !line.equals("quit"); ) {
            String[] words = line.split(" ");
            long start = System.nanoTime();
            String says = "";
            try {
                switch (words[0]) {
                    case "change" -> says = changes.hop(Integer.parseInt(words[1]), words[2].equals("kafka"));
                    case "remember" -> says = (remembered = View.of(args[0], words[1].equals("kafka"), remembered)).summary();
                    case "compare" -> says = View.of(args[0], words[1].equals("kafka"), remembered).compareTo(remembered);
                    default -> throw new IllegalArgumentException("what is " + line + "?");
                }
                System.out.printf("done: %s: %s (%.1f s)%n", line, says, (System.nanoTime() - start) / 1e9);
            } catch (Exception e) {
                e.printStackTrace(System.out);
                System.out.println("failed: " + line);
            }
        }
        System.exit(0);   // a producer may hold a transaction open
    }
}
