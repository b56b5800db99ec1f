package rtloader.spark;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;

/** The bytes of a log file: its lines in UTF-8, each ended by a line feed. */
final class LogText {
    private LogText() {}

    /** Uses up {@code lines}. All of it is made before anything is written: lines may fail half way. */
    static byte[] of(Iterator<String> lines) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        while (lines.hasNext()) {
            text.writeBytes(lines.next().getBytes(StandardCharsets.UTF_8));
            text.write('\n');
        }
        return text.toByteArray();
    }
}
