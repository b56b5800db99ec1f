package rtloader.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.CreateFileOptionKeys;
import org.apache.hadoop.fs.Path;

/** An object that S3A writes in one go: a PUT, or the completion of a multipart upload. */
final class WholeObject implements SettledCreate.Target {
    private final FileSystem fs;
    private final Path path;

    WholeObject(FileSystem fs, Path path) {
        this.fs = fs;
        this.path = path;
    }

    @Override
    public void putIfAbsent(byte[] bytes) throws IOException {
        FSDataOutputStreamBuilder<?, ?> builder = fs.createFile(path);
        // "must": a file system that does not know the option refuses instead of writing without it
        builder.must(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, true);
        FSDataOutputStream out = builder.build();
        if (!out.hasCapability(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE)) {
            out.abort();
            throw new UnsupportedOperationException("S3A would write " + path + " whether it is there or not");
        }
        publish(out, bytes);
    }

    /** The bytes become visible when the stream is closed, so it is not closed after a failure. */
    static void publish(FSDataOutputStream out, byte[] bytes) throws IOException {
        try {
            out.write(bytes);
        } catch (IOException | RuntimeException e) {
            out.abort();
            throw e;
        }
        out.close();
    }

    /** @throws FileNotFoundException it is absent */
    @Override
    public InputStream open() throws IOException {
        return fs.open(path);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
