package rtloader.spark;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Files that appear whole or not at all, and are on disk when the call returns. A process that dies leaves at most a hidden
 * {@code .rtl-tmp.} file behind, which nobody reads.
 *
 * <p>An interrupt of the thread changes no outcome; it is kept for the caller.
 */
final class DurableFile {
    static final String TEMP_PREFIX = ".rtl-tmp.";

    private DurableFile() {}

    /**
     * @throws FileAlreadyExistsException the name is taken; it is left as it is
     * @throws NoSuchFileException there is no such folder
     * @throws IOException otherwise nothing was created, unless the message says that it was
     */
    static void create(Path file, byte[] bytes) throws IOException {
        // spares the write when another was first long ago
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        Path temp = writeTemp(file, bytes);
        try {
            Files.deleteIfExists(checksumOf(file));
            link(temp, file);
        } finally {
            remove(temp);
        }
        try {
            syncFolder(file.getParent());
        } catch (IOException e) {
            throw new IOException(file + " was created, but may not outlast a loss of power: its folder cannot be synced", e);
        }
    }

    /** Readers see the old bytes or the new ones. */
    static void replace(Path file, byte[] bytes) throws IOException {
        Path temp = writeTemp(file, bytes);
        try {
            // Of the bytes that go. Another program may write it anew while we rename.
            Files.deleteIfExists(checksumOf(file));
            Files.move(temp, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            Files.deleteIfExists(checksumOf(file));
        } finally {
            remove(temp);
        }
        syncFolder(file.getParent());
    }

    private static Path writeTemp(Path beside, byte[] bytes) throws IOException {
        if (!Files.isDirectory(beside.getParent())) {
            throw new NoSuchFileException(beside.getParent().toString());
        }
        Path temp = beside.resolveSibling(TEMP_PREFIX + UUID.randomUUID());
        try {
            // not a channel: an interrupt would close it
            try (FileOutputStream out = new FileOutputStream(temp.toFile())) {
                out.write(bytes);
                out.getFD().sync();
            }
        } catch (IOException e) {
            remove(temp);
            throw e;
        }
        return temp;
    }

    private static void link(Path temp, Path file) throws IOException {
        try {
            Files.createLink(file, temp);
        } catch (UnsupportedOperationException e) {
            throw new IOException(noLinks(file), e);
        } catch (IOException e) {
            // A network file system may link, lose the reply, and fail on its own retry.
            if (isSame(temp, file, e)) {
                return;
            }
            if (e instanceof FileAlreadyExistsException) {
                throw new FileAlreadyExistsException(file.toString());
            }
            if (e instanceof NoSuchFileException) {
                throw e;
            }
            throw new IOException(noLinks(file), e);
        }
    }

    private static String noLinks(Path file) {
        return "cannot create " + file + " only if absent: its file system must have hard links, and its folder be writable";
    }

    private static boolean isSame(Path temp, Path file, IOException failure) throws IOException {
        try {
            return Files.isSameFile(temp, file);
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            e.addSuppressed(failure);
            throw new IOException("whether " + file + " was created could not be found out; it may have been", e);
        }
    }

    /** Hadoop's local file system refuses a file that does not match a checksum file left beside it. */
    private static Path checksumOf(Path file) {
        return file.resolveSibling("." + file.getFileName() + ".crc");
    }

    /** Not worth failing for: by then the file is there, or the caller knows why it is not. */
    private static void remove(Path temp) {
        try {
            Files.deleteIfExists(temp);
        } catch (IOException e) {
            // stays behind, hidden
        }
    }

    private static void syncFolder(Path folder) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                    channel.force(true);
                    return;
                } catch (ClosedByInterruptException e) {
                    interrupted = true;
                    Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
