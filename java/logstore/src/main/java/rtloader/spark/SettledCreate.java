package rtloader.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Creates an object if it is absent, and knows what became of it. A PUT that failed may have taken effect: its reply was lost, or a
 * client below us sent it twice and tells of the second. So no failure is believed, whatever its kind; the object is read back:
 *
 * <ul>
 *   <li>our bytes: done. No two commits have the same bytes: they name new files, or carry an id and a time;
 *   <li>others: a conflict;
 *   <li>absent: put again, which is safe because it is conditional too.
 * </ul>
 */
final class SettledCreate {
    interface Target {
        /** Any exception leaves the outcome open. */
        void putIfAbsent(byte[] bytes) throws IOException;

        /** @throws FileNotFoundException it is absent */
        InputStream open() throws IOException;
    }

    interface Pause {
        void milliseconds(long howMany) throws InterruptedException;
    }

    private static final int ROUNDS = 10;
    private static final long FIRST_PAUSE_MS = 50;
    private static final long LONGEST_PAUSE_MS = 3_000;
    /** Later the version might have come and gone with a clean-up of the log. */
    private static final long PUT_FOR_NS = TimeUnit.MINUTES.toNanos(10);

    private enum Found {
        OURS,
        OTHERS,
        ABSENT
    }

    private final Target target;
    private final Pause pause;
    private boolean interrupted;

    SettledCreate(Target target, Pause pause) {
        this.target = target;
        this.pause = pause;
    }

    /**
     * @throws FileAlreadyExistsException another's bytes are there
     * @throws InterruptedIOException the thread was interrupted, and the object was absent then
     */
    void run(byte[] bytes) throws IOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException(target + " was not written: the thread was interrupted before");
        }
        try {
            settle(bytes);
        } finally {
            // Cleared meanwhile, so that reading back is possible.
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void settle(byte[] bytes) throws IOException {
        long start = System.nanoTime();
        Exception failure = put(bytes);
        Exception doubt = failure;
        for (int round = 0; doubt != null && round < ROUNDS; round++) {
            if (round > 0) {
                sleep(Math.min(FIRST_PAUSE_MS << round, LONGEST_PAUSE_MS));
            }
            Found found;
            try {
                found = readBack(bytes);
            } catch (IOException | RuntimeException e) {
                noteInterrupt(e);
                doubt = e;
                continue;
            }
            if (found == Found.OURS) {
                return;
            }
            if (found == Found.OTHERS) {
                throw conflict(failure);
            }
            if (interrupted) {
                throw (IOException) new InterruptedIOException(unknown("the thread was interrupted")).initCause(failure);
            }
            if (isRefusal(failure)) {
                throw new IOException(target + " was not written", failure);
            }
            if (round == ROUNDS - 1 || System.nanoTime() - start > PUT_FOR_NS) {
                break;
            }
            failure = put(bytes);
            doubt = failure;
        }
        if (doubt != null) {
            throw new IOException(unknown(doubt.toString()), doubt);
        }
    }

    /** Null: it was answered with success. */
    private Exception put(byte[] bytes) {
        try {
            target.putIfAbsent(bytes);
        } catch (IOException | RuntimeException e) {
            noteInterrupt(e);
            return e;
        }
        // S3A has had streams that gave up waiting when interrupted, and said nothing.
        if (Thread.interrupted()) {
            interrupted = true;
            return new InterruptedIOException("interrupted while " + target + " was written");
        }
        return null;
    }

    private Found readBack(byte[] bytes) throws IOException {
        try (InputStream in = target.open()) {
            // One more than ours: the rest of a longer object need not be read.
            byte[] found = in.readNBytes(bytes.length + 1);
            return Arrays.equals(found, bytes) ? Found.OURS : Found.OTHERS;
        } catch (FileNotFoundException e) {
            return Found.ABSENT;
        }
    }

    /** Refused for what we are or ask; asking again would not help. */
    private static boolean isRefusal(Exception failure) {
        return failure instanceof AccessDeniedException
                || failure instanceof IllegalArgumentException
                || failure instanceof UnsupportedOperationException;
    }

    private void noteInterrupt(Exception e) {
        // Some layers clear the flag when they throw. A timeout is no interrupt, though its type says so.
        boolean tells = e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException);
        interrupted |= Thread.interrupted() || tells;
    }

    private void sleep(long milliseconds) {
        if (interrupted) {
            return;
        }
        try {
            pause.milliseconds(milliseconds);
        } catch (InterruptedException e) {
            interrupted = true;
        }
    }

    private FileAlreadyExistsException conflict(Exception failure) {
        FileAlreadyExistsException conflict = new FileAlreadyExistsException(target.toString());
        conflict.initCause(failure);
        return conflict;
    }

    private String unknown(String why) {
        return "whether " + target + " was written could not be found out (" + why
                + "); it may have been: look at the table's history before the same is written again";
    }
}
