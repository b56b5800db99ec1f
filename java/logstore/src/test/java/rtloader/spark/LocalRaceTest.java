package rtloader.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writers of the same versions, in threads and in processes: each version has one winner, and is what that one wrote. */
@Timeout(300)
class LocalRaceTest {
    @TempDir
    Path folder;

    /** Version → who was told that it was theirs. */
    private final Map<Long, String> winners = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    private void won(String writer, long version) {
        String before = winners.put(version, writer);
        if (before != null) {
            failures.add(new AssertionError("version " + version + " was won by " + before + " and by " + writer));
        }
    }

    private Thread started(Runnable body) {
        Thread thread = new Thread(body);
        thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
        thread.start();
        return thread;
    }

    private List<Long> versions() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).filter(n -> n.matches("\\d{20}\\.json"))
                    .map(n -> Long.valueOf(n.substring(0, 20))).sorted().collect(Collectors.toList());
        }
    }

    private void checkLog(int commits) throws IOException {
        assertNull(failures.peek());
        List<Long> versions = versions();
        assertEquals(LongStream.range(0, versions.size()).boxed().collect(Collectors.toList()), versions);
        assertTrue(versions.size() >= commits, () -> versions.size() + " versions");
        for (Map.Entry<Long, String> won : winners.entrySet()) {
            String text = Files.readString(folder.resolve(String.format("%020d.json", won.getKey())));
            assertEquals(CommitLoop.line(won.getValue(), won.getKey()) + "\n{\"add\":{}}\n", text);
        }
    }

    @Test
    void threads() throws Exception {
        Configuration conf = new Configuration();
        LocalLogStore store = new LocalLogStore(conf);
        org.apache.hadoop.fs.Path log = new org.apache.hadoop.fs.Path(folder.toUri());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            String writer = "thread " + i;
            threads.add(started(() -> {
                try {
                    CommitLoop.run(store, conf, log, writer, 25, version -> won(writer, version));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        checkLog(400);
        assertEquals(400, winners.size());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(400, files.count());
        }
    }

    private static final class Writer {
        Process process;
        Thread reader;

        /** All that it said is known then. */
        int end() throws InterruptedException {
            int code = process.waitFor();
            reader.join();
            return code;
        }
    }

    private Writer writer(String name, int commits) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Writer writer = new Writer();
        writer.process = new ProcessBuilder(java, "-Xmx128m", "-cp", System.getProperty("java.class.path"), CommitLoop.class.getName(),
                folder.toString(), name, Integer.toString(commits)).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        writer.reader = started(() -> {
            try (BufferedReader out = new BufferedReader(new InputStreamReader(writer.process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    won(name, Long.parseLong(line));
                }
            } catch (IOException e) {
                // the process was killed
            }
        });
        return writer;
    }

    @Test
    void processes() throws Exception {
        List<Writer> writers = new ArrayList<>();
        for (String name : List.of("one", "two", "three")) {
            writers.add(writer(name, 150));
        }
        for (Writer writer : writers) {
            assertEquals(0, writer.end());
        }
        checkLog(450);
        assertEquals(450, winners.size());
    }

    @Test
    void processesThatAreKilled() throws Exception {
        Writer lasting = writer("lasting", 300);
        for (int i = 0; i < 4; i++) {
            int before = versions().size();
            Writer victim = writer("victim " + i, 1_000_000);
            while (versions().size() < before + 40 && lasting.process.isAlive() && victim.process.isAlive()) {
                Thread.sleep(1);
            }
            victim.process.destroyForcibly();
            victim.end();
        }
        assertEquals(0, lasting.end());
        checkLog(300);
    }
}
