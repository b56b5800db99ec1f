package rtloader.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What each kind of failure is settled as, against an object in memory. */
class SettledCreateTest {
    private static final byte[] OURS = "ours\n".getBytes(StandardCharsets.UTF_8);
    private static final byte[] OTHERS = "others\n".getBytes(StandardCharsets.UTF_8);

    /** One step of a PUT or a GET; may change the object, and may throw. */
    private interface Step {
        void run(Scripted object) throws IOException;
    }

    /** An object that does as scripted, then as S3 does. */
    private static final class Scripted implements SettledCreate.Target {
        final Deque<Step> puts = new ArrayDeque<>();
        final Deque<Step> gets = new ArrayDeque<>();
        byte[] bytes;
        int putsSeen;

        Scripted put(Step step) {
            puts.add(step);
            return this;
        }

        Scripted get(Step step) {
            gets.add(step);
            return this;
        }

        @Override
        public void putIfAbsent(byte[] put) throws IOException {
            putsSeen++;
            if (!puts.isEmpty()) {
                puts.poll().run(this);
                return;
            }
            if (bytes != null) {
                throw new IOException("412");
            }
            bytes = put;
        }

        @Override
        public InputStream open() throws IOException {
            if (!gets.isEmpty()) {
                gets.poll().run(this);
            }
            if (bytes == null) {
                throw new FileNotFoundException("404");
            }
            return new ByteArrayInputStream(bytes);
        }

        @Override
        public String toString() {
            return "s3a://bucket/object";
        }
    }

    private final Scripted object = new Scripted();
    private final AtomicInteger pauses = new AtomicInteger();

    private void create() throws IOException {
        new SettledCreate(object, ms -> pauses.incrementAndGet()).run(OURS);
    }

    private static Step fails(IOException e) {
        return o -> {
            throw e;
        };
    }

    private static Step lands(byte[] bytes, IOException then) {
        return o -> {
            o.bytes = bytes;
            if (then != null) {
                throw then;
            }
        };
    }

    @Test
    void anAnsweredPutNeedsNoMore() throws IOException {
        create();
        assertArrayEquals(OURS, object.bytes);
        assertEquals(1, object.putsSeen);
    }

    @Test
    void whatAnotherWroteIsAConflict() {
        object.bytes = OTHERS;
        FileAlreadyExistsException e = assertThrows(FileAlreadyExistsException.class, this::create);
        assertEquals("412", e.getCause().getMessage());
        assertArrayEquals(OTHERS, object.bytes);
    }

    @Test
    void whatBeginsAsOursButGoesOnIsAnothers() {
        object.bytes = "ours\nand more\n".getBytes(StandardCharsets.UTF_8);
        assertThrows(FileAlreadyExistsException.class, this::create);
        object.bytes = "our".getBytes(StandardCharsets.UTF_8);
        assertThrows(FileAlreadyExistsException.class, this::create);
    }

    @Test
    void aLostReplyIsReadBack() throws IOException {
        object.put(lands(OURS, new SocketTimeoutException("no reply")));
        create();
        assertEquals(1, object.putsSeen);
    }

    @Test
    void a412MayBeForOurOwn() throws IOException {
        object.put(lands(OURS, new IOException("412 for the second of two requests")));
        create();
        assertEquals(1, object.putsSeen);
    }

    @Test
    void aLostReplyWhileAnotherWinsIsAConflict() {
        object.put(lands(OTHERS, new SocketTimeoutException("no reply")));
        assertThrows(FileAlreadyExistsException.class, this::create);
        assertEquals(1, object.putsSeen);
    }

    @Test
    void whatDidNotArriveIsPutAgain() throws IOException {
        object.put(fails(new IOException("503"))).put(fails(new IOException("409 ConditionalRequestConflict")));
        create();
        assertEquals(3, object.putsSeen);
        assertArrayEquals(OURS, object.bytes);
    }

    @Test
    void aFirstPutThatLandsLateIsStillOurs() throws IOException {
        object.put(fails(new IOException("no reply"))).put(lands(OURS, new IOException("412")));
        create();
        assertEquals(2, object.putsSeen);
    }

    @Test
    void whileItCannotBeReadItIsNotPut() throws IOException {
        object.put(lands(OURS, new IOException("500"))).get(fails(new IOException("503"))).get(fails(new IOException("503")));
        create();
        assertEquals(1, object.putsSeen);
        assertEquals(2, pauses.get());
    }

    @Test
    void whatCannotBeFoundOutIsSaid() {
        object.put(lands(OURS, new IOException("500")));
        for (int i = 0; i < 100; i++) {
            object.get(fails(new IOException("503")));
        }
        IOException e = assertThrows(IOException.class, this::create);
        assertTrue(e.getMessage().contains("could not be found out"), e::getMessage);
        assertEquals(1, object.putsSeen);
    }

    @Test
    void aStoreThatNeverTakesItIsGivenUp() {
        for (int i = 0; i < 100; i++) {
            object.put(fails(new IOException("412 of a delete marker")));
        }
        IOException e = assertThrows(IOException.class, this::create);
        assertTrue(e.getMessage().contains("412 of a delete marker"), e::getMessage);
        assertNull(object.bytes);
    }

    @Test
    void aRefusalIsNotRepeated() {
        object.put(fails(new AccessDeniedException("s3:PutObject"))).put(fails(new IOException("not again")));
        IOException e = assertThrows(IOException.class, this::create);
        assertTrue(e.getCause() instanceof AccessDeniedException, e::toString);
        assertEquals(1, object.putsSeen);
    }

    @Test
    void aRefusalAfterALostReplyIsReadBackToo() throws IOException {
        object.put(lands(OURS, new AccessDeniedException("the token expired between two attempts")));
        create();
        assertEquals(1, object.putsSeen);
    }

    @Test
    void anInterruptedPutThatLandedIsOurs() throws IOException {
        object.put(o -> {
            o.bytes = OURS;
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        });
        create();
        assertTrue(Thread.interrupted(), "the interrupt is kept");
    }

    @Test
    void anInterruptedPutThatIsNotThereIsNotPutAgain() {
        object.put(o -> {
            throw new InterruptedIOException("and the flag cleared");
        });
        assertThrows(InterruptedIOException.class, this::create);
        assertTrue(Thread.interrupted(), "the interrupt is kept");
        assertEquals(1, object.putsSeen);
    }

    @Test
    void aPutThatReturnsWhenInterruptedIsNotBelieved() {
        object.put(o -> Thread.currentThread().interrupt());
        assertThrows(InterruptedIOException.class, this::create);
        assertTrue(Thread.interrupted());
        assertNull(object.bytes);
    }

    @Test
    void nothingIsSentOnceInterrupted() {
        Thread.currentThread().interrupt();
        assertThrows(InterruptedIOException.class, this::create);
        assertTrue(Thread.interrupted());
        assertEquals(0, object.putsSeen);
    }
}
