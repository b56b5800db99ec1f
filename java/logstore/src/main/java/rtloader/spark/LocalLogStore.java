package rtloader.spark;

import io.delta.storage.CloseableIterator;
import io.delta.storage.HadoopFileSystemLogStore;
import io.delta.storage.LineCloseableIterator;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Commits on a local disk, or a network file system with hard links, by an exclusive link: of all the writers of a version, in
 * whatever process and language, one succeeds, and what it wrote is on disk when it is told so.
 *
 * <p>{@code spark.delta.logStore.file.impl=rtloader.spark.LocalLogStore}
 *
 * <p>Files are read and written as they are, without the checksum files that Hadoop keeps beside its own.
 */
public class LocalLogStore extends HadoopFileSystemLogStore {
    public LocalLogStore(Configuration hadoopConf) {
        super(hadoopConf);
    }

    /**
     * @throws java.nio.file.FileAlreadyExistsException another writer has this version
     * @throws FileNotFoundException there is no such folder
     */
    @Override
    public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration hadoopConf) throws IOException {
        java.nio.file.Path file = onDisk(path, hadoopConf);
        byte[] bytes = LogText.of(actions);
        try {
            if (overwrite) {
                DurableFile.replace(file, bytes);
            } else {
                DurableFile.create(file, bytes);
            }
        } catch (NoSuchFileException e) {
            throw absent(e);
        }
    }

    @Override
    public CloseableIterator<String> read(Path path, Configuration hadoopConf) throws IOException {
        try {
            InputStream file = Files.newInputStream(onDisk(path, hadoopConf));
            return new LineCloseableIterator(new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8)));
        } catch (NoSuchFileException e) {
            throw absent(e);
        }
    }

    /**
     * Only what is listed is looked at, so that an old log costs no more than its new end. The name need be none that a disk can
     * hold: VACUUM lists a folder from the name U+0000 on.
     */
    @Override
    public Iterator<FileStatus> listFrom(Path path, Configuration hadoopConf) throws IOException {
        FileSystem fs = path.getFileSystem(hadoopConf);
        List<FileStatus> found = new ArrayList<>();
        try {
            for (String name : LogFolder.namesFrom(onDisk(path.getParent(), hadoopConf), path.getName())) {
                try {
                    found.add(fs.getFileStatus(new Path(path.getParent(), name)));
                } catch (FileNotFoundException e) {
                    // removed since it was listed
                }
            }
        } catch (NoSuchFileException e) {
            throw absent(e);
        }
        return found.iterator();
    }

    /** True: of checkpoints, which Delta writes past this store. Its own files appear whole. */
    @Override
    public Boolean isPartialWriteVisible(Path path, Configuration hadoopConf) {
        return true;
    }

    private static java.nio.file.Path onDisk(Path path, Configuration hadoopConf) throws IOException {
        FileSystem fs = path.getFileSystem(hadoopConf);
        if (!"file".equals(fs.getUri().getScheme())) {
            throw new IOException(path + " is on no local disk: LocalLogStore is for spark.delta.logStore.file.impl alone");
        }
        return Paths.get(fs.makeQualified(path).toUri().getPath());
    }

    /** What Delta takes for "not there". */
    private static FileNotFoundException absent(NoSuchFileException e) {
        FileNotFoundException absent = new FileNotFoundException("No such file or directory: " + e.getFile());
        absent.initCause(e);
        return absent;
    }
}
