package rtloader.spark;

import io.delta.storage.HadoopFileSystemLogStore;
import java.io.IOException;
import java.util.Iterator;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.CreateFileOptionKeys;
import org.apache.hadoop.fs.Path;

/**
 * Commits on S3 by a conditional PUT ({@code If-None-Match: *}) through Hadoop's S3A: of all the writers of a version, in whatever
 * process and language, one succeeds. What became of a PUT that was not answered, or was answered by a server that may have seen
 * it twice, is found out by reading the version back.
 *
 * <p>{@code spark.delta.logStore.s3a.impl=rtloader.spark.S3LogStore}
 *
 * <p>Needs hadoop-aws 3.4.2 or later and a store that honours {@code If-None-Match}. Where S3A has no conditional writes, or they
 * are switched off, nothing is written. With {@code delta.enableFastS3AListFrom} a list begins where it is asked to.
 */
public class S3LogStore extends HadoopFileSystemLogStore {
    private static final Pattern VERSION = Pattern.compile("[0-9]{20}");

    private final boolean listsFromTheMiddle;

    public S3LogStore(Configuration hadoopConf) {
        super(hadoopConf);
        listsFromTheMiddle = hadoopConf.getBoolean("delta.enableFastS3AListFrom", false);
    }

    /**
     * @throws java.nio.file.FileAlreadyExistsException another writer has this version
     * @throws IOException otherwise: nothing was written, unless the message says that this could not be found out
     */
    @Override
    public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration hadoopConf) throws IOException {
        FileSystem fs = path.getFileSystem(hadoopConf);
        Path resolved = fs.makeQualified(path);
        byte[] bytes = LogText.of(actions);
        if (overwrite) {
            WholeObject.publish(fs.create(resolved, true), bytes);
            return;
        }
        if (!fs.hasPathCapability(resolved, CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE)) {
            throw new IOException("cannot create " + resolved + " only if absent: S3LogStore needs hadoop-aws 3.4.2 or later, with "
                    + "fs.s3a.create.conditional.enabled not false; nothing was written");
        }
        new SettledCreate(new WholeObject(fs, resolved), Thread::sleep).run(bytes);
    }

    @Override
    public Iterator<FileStatus> listFrom(Path path, Configuration hadoopConf) throws IOException {
        // VACUUM lists data folders through us, from their beginning: nothing is to be gained there.
        if (!listsFromTheMiddle || !VERSION.matcher(path.getName()).lookingAt()) {
            return super.listFrom(path, hadoopConf);
        }
        FileSystem fs = path.getFileSystem(hadoopConf);
        return S3Listing.from(fs, fs.makeQualified(path)).iterator();
    }

    /** False: S3 shows an object once all of it is there. */
    @Override
    public Boolean isPartialWriteVisible(Path path, Configuration hadoopConf) {
        return false;
    }
}
