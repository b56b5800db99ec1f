package rtloader.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.delta.storage.CloseableIterator;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalLogStoreTest {
    private static final String FIRST = "00000000000000000000.json";

    @TempDir
    java.nio.file.Path folder;

    private final Configuration conf = new Configuration();
    private final LocalLogStore store = new LocalLogStore(conf);

    private Path at(String name) {
        return new Path(folder.toUri().toString(), name);
    }

    private void write(String name, boolean overwrite, String... lines) throws IOException {
        store.write(at(name), List.of(lines).iterator(), overwrite, conf);
    }

    private List<String> read(String name) throws IOException {
        List<String> lines = new ArrayList<>();
        try (CloseableIterator<String> found = store.read(at(name), conf)) {
            found.forEachRemaining(lines::add);
        }
        return lines;
    }

    private List<String> namesFrom(String name) throws IOException {
        List<String> names = new ArrayList<>();
        store.listFrom(at(name), conf).forEachRemaining(status -> names.add(status.getPath().getName()));
        return names;
    }

    private List<String> onDisk() throws IOException {
        try (Stream<java.nio.file.Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().collect(Collectors.toList());
        }
    }

    @Test
    void aCommitIsNeverReplaced() throws IOException {
        write(FIRST, false, "{\"a\":1}", "{\"b\":\"ü\"}");
        assertThrows(FileAlreadyExistsException.class, () -> write(FIRST, false, "{\"other\":1}"));
        assertEquals(List.of("{\"a\":1}", "{\"b\":\"ü\"}"), read(FIRST));
        assertEquals("{\"a\":1}\n{\"b\":\"ü\"}\n", Files.readString(folder.resolve(FIRST)));
        assertEquals(List.of(FIRST), onDisk());
    }

    @Test
    void aNameThatLeadsNowhereIsTaken() throws IOException {
        Files.createSymbolicLink(folder.resolve(FIRST), folder.resolve("gone"));
        assertThrows(FileAlreadyExistsException.class, () -> write(FIRST, false, "x"));
        assertEquals(List.of(FIRST), onDisk());
    }

    @Test
    void overwriteReplacesWhole() throws IOException {
        write("_last_checkpoint", true, "a much longer line than what follows");
        write("_last_checkpoint", true, "short");
        assertEquals("short\n", Files.readString(folder.resolve("_last_checkpoint")));
        assertEquals(List.of("_last_checkpoint"), onDisk());
    }

    @Test
    void anOverwriteIsNeverSeenHalfDone() throws Exception {
        String small = "s".repeat(10);
        String large = "l".repeat(200_000);
        write("_last_checkpoint", true, small);
        Thread writer = new Thread(() -> {
            try {
                for (int i = 0; i < 100; i++) {
                    write("_last_checkpoint", true, i % 2 == 0 ? large : small);
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        writer.start();
        while (writer.isAlive()) {
            List<String> seen = read("_last_checkpoint");
            assertTrue(seen.equals(List.of(small)) || seen.equals(List.of(large)), () -> "seen " + seen);
        }
        writer.join();
        assertEquals(List.of(small), read("_last_checkpoint"));
    }

    @Test
    void linesThatFailHalfWayLeaveNothing() throws IOException {
        Iterator<String> lines = Stream.of("1", "2").map(n -> {
            if (n.equals("2")) {
                throw new IllegalStateException("no more");
            }
            return n;
        }).iterator();
        assertThrows(IllegalStateException.class, () -> store.write(at(FIRST), lines, false, conf));
        assertEquals(List.of(), onDisk());
    }

    @Test
    void whatIsNotThereIsNotFound() {
        assertThrows(FileNotFoundException.class, () -> read("_last_checkpoint"));
        assertThrows(FileNotFoundException.class, () -> write("none/" + FIRST, false, "x"));
        assertThrows(FileNotFoundException.class, () -> write("none/" + FIRST, true, "x"));
        assertThrows(FileNotFoundException.class, () -> store.listFrom(at("none/" + FIRST), conf));
        assertFalse(Files.exists(folder.resolve("none")));
    }

    @Test
    void aListIsInOrderAndBeginsWhereAsked() throws IOException {
        List<String> commits = IntStream.range(0, 120).mapToObj(v -> String.format("%020d.json", v)).collect(Collectors.toList());
        for (int v = 119; v >= 0; v--) {
            write(commits.get(v), false, "{}");
        }
        write("_last_checkpoint", true, "{}");
        assertEquals(commits.subList(7, 120), namesFrom(String.format("%020d.", 7)).subList(0, 113));
        assertEquals(commits.get(7), namesFrom(commits.get(7)).get(0));
        assertEquals(List.of(commits.get(119), "_last_checkpoint"), namesFrom(commits.get(119)));
        assertEquals(List.of(), namesFrom("a"));
        assertEquals(121, namesFrom("\u0000").size());  // as VACUUM does

        FileStatus last = store.listFrom(at(commits.get(119)), conf).next();
        assertEquals(3, last.getLen());
        assertEquals(Files.getLastModifiedTime(folder.resolve(commits.get(119))).toMillis(), last.getModificationTime());
        assertTrue(last.getPath().toString().startsWith("file:/"), last.getPath()::toString);
    }

    /** VACUUM finds by this list what it may delete; a partition column may begin with a dot. */
    @Test
    void aListOfDataHasAllButUnfinishedFilesAndChecksums() throws IOException {
        Files.createDirectory(folder.resolve(".day=1"));
        Files.createDirectory(folder.resolve("_change_data"));
        for (String name : List.of("part-0.parquet", ".part-0.parquet.crc", ".rtl-tmp.1")) {
            Files.createFile(folder.resolve(name));
        }
        assertEquals(List.of(".day=1", "_change_data", "part-0.parquet"), namesFrom("\u0000"));
        assertTrue(store.listFrom(at("\u0000"), conf).next().isDirectory());
    }

    @Test
    void namesAreOrderedByTheirBytes() throws IOException {
        // U+FF21 comes before U+1F600 in UTF-8, and after its first surrogate in UTF-16
        List<String> names = List.of("a", "b", "\uFF21", "\uD83D\uDE00");
        List<java.nio.file.Path> files = names.stream().map(folder::resolve).collect(Collectors.toList());
        for (java.nio.file.Path file : files) {
            Files.createFile(file);
        }
        assertEquals(names.subList(1, 4), LogFolder.namesFrom(folder, names.get(1)));
    }

    @Test
    void whatACrashLeavesIsNoPartOfTheLog() throws IOException {
        write(FIRST, false, "{}");
        Files.writeString(folder.resolve(".rtl-tmp.0f3c"), "{\"half\":");
        Files.writeString(folder.resolve(".00000000000000000001.json.crc"), "a checksum of bytes that never were there");
        assertEquals(List.of(FIRST), namesFrom("!"));
        write("00000000000000000001.json", false, "{\"whole\":1}");
        FileSystem fs = FileSystem.get(folder.toUri(), conf);
        try (var in = fs.open(at("00000000000000000001.json"))) {
            assertEquals("{\"whole\":1}\n", new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void aChecksumOfHadoopsDoesNotOutliveItsFile() throws IOException {
        FileSystem fs = FileSystem.get(folder.toUri(), conf);
        try (FSDataOutputStream out = fs.create(at("_last_checkpoint"), true)) {
            out.writeBytes("{\"version\":10}\n");
        }
        assertTrue(Files.exists(folder.resolve("._last_checkpoint.crc")));
        write("_last_checkpoint", true, "{\"version\":20}");
        try (var in = fs.open(at("_last_checkpoint"))) {
            assertEquals("{\"version\":20}\n", new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void anInterruptChangesNoOutcome() throws IOException {
        Thread.currentThread().interrupt();
        write(FIRST, false, "{}");
        assertTrue(Thread.interrupted());
        assertEquals(List.of(FIRST), onDisk());
    }

    @Test
    void onlyLocalPathsAreTaken() {
        Configuration other = new Configuration();
        other.setClass("fs.odd.impl", OddFileSystem.class, FileSystem.class);
        IOException refused = assertThrows(IOException.class,
                () -> store.write(new Path("odd://bucket/_delta_log/" + FIRST), List.of("x").iterator(), false, other));
        assertTrue(refused.getMessage().contains("LocalLogStore"), refused::getMessage);
    }

    @Test
    void checkpointsAreWrittenUnderAnotherNameFirst() {
        assertTrue(store.isPartialWriteVisible(at("00000000000000000010.checkpoint.parquet"), conf));
    }

    @Test
    void pathsAreResolved() throws IOException {
        assertEquals(new Path("file:" + folder + "/" + FIRST), store.resolvePathOnPhysicalStorage(new Path(folder + "/" + FIRST), conf));
    }
}
