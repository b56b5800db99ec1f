package rtloader.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.delta.storage.CloseableIterator;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Against a real S3 server; the faults come from a proxy before it. */
@Timeout(300)
class S3LogStoreTest {
    private static final String LOG = "table/_delta_log";
    private static final String FIRST = "00000000000000000000.json";

    private static S3Server server;
    private static FaultProxy proxy;
    private static int buckets;

    private String bucket;

    @BeforeAll
    static void start() throws Exception {
        server = new S3Server();
        proxy = new FaultProxy(server.port);
    }

    @AfterAll
    static void stop() throws Exception {
        if (proxy != null) {
            FileSystem.closeAll();
            proxy.close();
            server.close();
        }
    }

    private Configuration newBucket(int port) throws IOException {
        bucket = "bucket" + buckets++;
        return server.bucket(bucket, port);
    }

    private Configuration newBucket() throws IOException {
        return newBucket(server.port);
    }

    private Path at(String name) {
        return new Path("s3a://" + bucket + "/" + LOG, name);
    }

    private static void write(S3LogStore store, Path path, boolean overwrite, String... lines) throws IOException {
        store.write(path, List.of(lines).iterator(), overwrite, store.initHadoopConf());
    }

    private String stored(String name) throws IOException {
        return Files.readString(server.onDisk(bucket, LOG + "/" + name));
    }

    @Test
    void aCommitIsNeverReplaced() throws IOException {
        S3LogStore store = new S3LogStore(newBucket());
        write(store, at(FIRST), false, "{\"a\":1}", "{\"b\":\"ü\"}");
        assertThrows(FileAlreadyExistsException.class, () -> write(store, at(FIRST), false, "{\"other\":1}"));
        assertEquals("{\"a\":1}\n{\"b\":\"ü\"}\n", stored(FIRST));
        List<String> lines = new ArrayList<>();
        try (CloseableIterator<String> found = store.read(at(FIRST), store.initHadoopConf())) {
            found.forEachRemaining(lines::add);
        }
        assertEquals(List.of("{\"a\":1}", "{\"b\":\"ü\"}"), lines);
    }

    @Test
    void overwriteReplacesWhole() throws IOException {
        S3LogStore store = new S3LogStore(newBucket());
        write(store, at("_last_checkpoint"), true, "a much longer line than what follows");
        write(store, at("_last_checkpoint"), true, "short");
        assertEquals("short\n", stored("_last_checkpoint"));
        assertThrows(FileNotFoundException.class, () -> store.read(at("none"), store.initHadoopConf()));
        assertFalse(store.isPartialWriteVisible(at(FIRST), store.initHadoopConf()));
    }

    /** Its parts are put together only if the object is absent then. */
    @Test
    void aCommitOfManyPartsIsNeverReplacedEither() throws IOException {
        Configuration conf = newBucket();
        conf.set("fs.s3a.multipart.threshold", "5M");
        S3LogStore store = new S3LogStore(conf);
        String large = "x".repeat(12_000_000);
        write(store, at(FIRST), false, large);
        assertThrows(FileAlreadyExistsException.class, () -> write(store, at(FIRST), false, large + "y"));
        assertEquals(large + "\n", stored(FIRST));
    }

    @ParameterizedTest
    @EnumSource(names = {"LOSE_REPLY", "CUT", "ERROR_AFTER", "ERROR_BEFORE", "CONFLICT", "TWICE"})
    void aPutThatFailsOnTheWayIsSettled(FaultProxy.Fault fault) throws IOException {
        for (int repeats : new int[] {0, 2}) {  // what S3A does by itself when a request failed
            Configuration conf = newBucket(proxy.port());
            conf.setInt("fs.s3a.attempts.maximum", repeats);
            conf.setInt("fs.s3a.retry.limit", repeats);
            S3LogStore store = new S3LogStore(conf);
            write(store, at(FIRST), false, "before");
            proxy.puts.add(fault);
            write(store, at("00000000000000000001.json"), false, "ours");
            assertNull(proxy.puts.peek());
            assertEquals("ours\n", stored("00000000000000000001.json"));
            proxy.puts.add(fault);
            assertThrows(FileAlreadyExistsException.class, () -> write(store, at(FIRST), false, "ours"));
            assertEquals("before\n", stored(FIRST));
            proxy.puts.clear();
        }
    }

    @Test
    void aLostReplyWithTheReadBackFailingTooIsSettled() throws IOException {
        Configuration conf = newBucket(proxy.port());
        conf.setInt("fs.s3a.attempts.maximum", 0);
        conf.setInt("fs.s3a.retry.limit", 0);
        S3LogStore store = new S3LogStore(conf);
        proxy.puts.add(FaultProxy.Fault.LOSE_REPLY);
        proxy.reads.addAll(List.of(FaultProxy.Fault.ERROR_BEFORE, FaultProxy.Fault.CUT, FaultProxy.Fault.ERROR_BEFORE));
        int before = proxy.putsSeen.get();
        write(store, at(FIRST), false, "ours");
        assertEquals("ours\n", stored(FIRST));
        assertEquals(before + 1, proxy.putsSeen.get());
        assertNull(proxy.reads.peek());
    }

    @Test
    void writersOfOneVersionHaveOneWinner() throws Exception {
        int writers = 32;
        int versions = 20;
        S3LogStore store = new S3LogStore(newBucket());
        Map<Long, String> winners = new ConcurrentHashMap<>();
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < writers; i++) {
            String writer = "writer " + i;
            Thread thread = new Thread(() -> {
                for (long version = 0; version < versions; version++) {
                    try {
                        write(store, CommitLoop.commit(at(FIRST).getParent(), version), false, CommitLoop.line(writer, version));
                    } catch (FileAlreadyExistsException e) {
                        continue;
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                    String other = winners.put(version, writer);
                    if (other != null) {
                        failures.add(new AssertionError(version + " was won by " + other + " and by " + writer));
                    }
                }
            });
            thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertNull(failures.peek());
        assertEquals(LongStream.range(0, versions).boxed().collect(Collectors.toSet()), winners.keySet());
        for (Map.Entry<Long, String> won : winners.entrySet()) {
            assertEquals(CommitLoop.line(won.getValue(), won.getKey()) + "\n", stored(String.format("%020d.json", won.getKey())));
        }
        assertEquals(versions, server.names(bucket, LOG).size());
    }

    private static List<String> namesFrom(S3LogStore store, Path path) throws IOException {
        List<String> names = new ArrayList<>();
        store.listFrom(path, store.initHadoopConf())
                .forEachRemaining(status -> names.add(status.getPath().getName() + (status.isDirectory() ? "/" : "")));
        return names;
    }

    @ParameterizedTest
    @EnumSource(Listing.class)
    void aListIsInOrderAndBeginsWhereAsked(Listing listing) throws IOException {
        Configuration conf = newBucket();
        conf.setBoolean("delta.enableFastS3AListFrom", listing == Listing.FAST);
        S3LogStore store = new S3LogStore(conf);
        for (int version = 11; version >= 0; version--) {
            write(store, at(String.format("%020d.json", version)), false, "{}");
        }
        write(store, at("_last_checkpoint"), true, "{}");
        write(store, new Path(at("_sidecars"), "one.parquet"), true, "{}");
        List<String> expected = LongStream.range(9, 12).mapToObj(v -> String.format("%020d.json", v)).collect(Collectors.toList());
        expected.addAll(List.of("_last_checkpoint", "_sidecars/"));
        assertEquals(expected, namesFrom(store, at(String.format("%020d.", 9))));
        assertEquals(expected, namesFrom(store, at(String.format("%020d.json", 9))));
        assertEquals(14, namesFrom(store, at("\u0000")).size());
        assertFalse(store.listFrom(at("a"), conf).hasNext());
        assertFalse(store.listFrom(at("9".repeat(20)), conf).next().getPath().getName().startsWith("0"));
        assertThrows(FileNotFoundException.class, () -> store.listFrom(at("none/" + FIRST), conf));
    }

    enum Listing {
        PLAIN,
        FAST
    }

    @Test
    void withoutConditionalWritesNothingIsWritten() throws IOException {
        Configuration conf = newBucket();
        conf.setBoolean("fs.s3a.create.conditional.enabled", false);
        IOException e = assertThrows(IOException.class, () -> write(new S3LogStore(conf), at(FIRST), false, "x"));
        assertTrue(e.getMessage().contains("fs.s3a.create.conditional.enabled"), e::getMessage);
        assertFalse(Files.exists(server.onDisk(bucket, LOG)));
    }

    @Test
    void anotherFileSystemIsRefused() {
        Configuration conf = new Configuration();
        conf.setClass("fs.odd.impl", OddFileSystem.class, FileSystem.class);
        assertThrows(IOException.class, () -> write(new S3LogStore(conf), new Path("odd://bucket/" + FIRST), false, "x"));
    }
}
