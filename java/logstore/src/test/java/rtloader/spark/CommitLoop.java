package rtloader.spark;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileAlreadyExistsException;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A writer that commits one version after another, beside others: each names itself in what it writes. */
final class CommitLoop {
    private CommitLoop() {}

    static String line(String writer, long version) {
        return "{\"commitInfo\":{\"writer\":\"" + writer + "\",\"version\":" + version + ",\"filler\":\"" + "x".repeat(2000) + "\"}}";
    }

    static Path commit(Path log, long version) {
        return new Path(log, String.format("%020d.json", version));
    }

    /** As Delta does: what is taken is skipped by trying the next. Calls {@code won} after each success. */
    static void run(io.delta.storage.LogStore store, Configuration conf, Path log, String writer, int commits, Won won) throws IOException {
        long version = 0;
        for (int made = 0; made < commits; version++) {
            Iterator<String> lines = List.of(line(writer, version), "{\"add\":{}}").iterator();
            try {
                store.write(commit(log, version), lines, false, conf);
            } catch (FileAlreadyExistsException e) {
                continue;
            }
            won.version(version);
            made++;
        }
    }

    interface Won {
        void version(long version);
    }

    /** FOLDER WRITER COMMITS: prints each version that it was told it had made. */
    public static void main(String[] arguments) throws IOException {
        Configuration conf = new Configuration();
        PrintStream out = new PrintStream(System.out, true);
        run(new LocalLogStore(conf), conf, new Path("file:" + arguments[0]), arguments[1], Integer.parseInt(arguments[2]), out::println);
    }
}
