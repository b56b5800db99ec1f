package rtloader.spark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The names in a log's folder. */
final class LogFolder {
    /** As S3 lists: by the bytes in UTF-8, which is not String's own order. */
    static final Comparator<String> BY_BYTES =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

    private LogFolder() {}

    /**
     * The names in a folder that do not come before {@code first}, in order; not those of unfinished files and of Hadoop's
     * checksums. Also data folders are listed so: by VACUUM, which wants all else.
     *
     * @throws java.nio.file.NoSuchFileException there is no such folder
     */
    static List<String> namesFrom(Path folder, String first) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (!isNobodysFile(name) && BY_BYTES.compare(name, first) >= 0) {
                    names.add(name);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        names.sort(BY_BYTES);
        return names;
    }

    private static boolean isNobodysFile(String name) {
        return name.startsWith(DurableFile.TEMP_PREFIX) || (name.startsWith(".") && name.endsWith(".crc"));
    }
}
