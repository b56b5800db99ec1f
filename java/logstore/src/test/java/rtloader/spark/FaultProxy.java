package rtloader.spark;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands before an S3 server; does to the next PUTs, and GETs or HEADs, what it is told. Signatures hold: the host is kept. */
final class FaultProxy implements AutoCloseable {
    enum Fault {
        NONE,
        /** The server takes it; the connection is cut without an answer. */
        LOSE_REPLY,
        /** Cut before the server sees it. */
        CUT,
        /** The server takes it; the answer is 500. */
        ERROR_AFTER,
        /** The server does not see it. */
        ERROR_BEFORE,
        /** The server does not see it; the answer is what AWS gives to one of two that race. */
        CONFLICT,
        /** The server takes it twice; the answer is that to the second. */
        TWICE
    }

    /** What HTTP clients set themselves. */
    private static final Set<String> NOT_FORWARDED = Set.of("connection", "content-length", "expect", "transfer-encoding", "upgrade");

    final Deque<Fault> puts = new ConcurrentLinkedDeque<>();
    final Deque<Fault> reads = new ConcurrentLinkedDeque<>();
    final AtomicInteger putsSeen = new AtomicInteger();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final int upstream;

    FaultProxy(int upstream) throws IOException {
        this.upstream = upstream;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        Deque<Fault> faults = reads;
        if (exchange.getRequestMethod().equals("PUT")) {
            putsSeen.incrementAndGet();
            faults = puts;
        }
        Fault fault = faults.isEmpty() ? Fault.NONE : faults.poll();
        try {
            switch (fault) {
                case CUT:
                    break;
                case ERROR_BEFORE:
                    answer(exchange, 500, "InternalError");
                    break;
                case CONFLICT:
                    answer(exchange, 409, "ConditionalRequestConflict");
                    break;
                case ERROR_AFTER:
                    forward(exchange, body);
                    answer(exchange, 500, "InternalError");
                    break;
                case LOSE_REPLY:
                    forward(exchange, body);
                    break;
                case TWICE:
                    forward(exchange, body);
                    pass(exchange, forward(exchange, body));
                    break;
                default:
                    pass(exchange, forward(exchange, body));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            exchange.close();  // without an answer: cuts the connection
        }
    }

    private HttpResponse<byte[]> forward(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + upstream + exchange.getRequestURI()));
        request.method(exchange.getRequestMethod(),
                body.length == 0 ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!NOT_FORWARDED.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private static void pass(HttpExchange exchange, HttpResponse<byte[]> reply) throws IOException {
        reply.headers().map().forEach((name, values) -> {
            if (!NOT_FORWARDED.contains(name.toLowerCase(Locale.ROOT))) {
                exchange.getResponseHeaders().put(name, List.copyOf(values));
            }
        });
        boolean head = exchange.getRequestMethod().equals("HEAD");
        if (head) {
            reply.headers().firstValue("content-length").ifPresent(length -> exchange.getResponseHeaders().set("Content-length", length));
        }
        exchange.sendResponseHeaders(reply.statusCode(), head || reply.body().length == 0 ? -1 : reply.body().length);
        if (!head && reply.body().length > 0) {
            exchange.getResponseBody().write(reply.body());
        }
    }

    private static void answer(HttpExchange exchange, int status, String code) throws IOException {
        byte[] body = ("<Error><Code>" + code + "</Code><Message>by the proxy</Message></Error>").getBytes();
        exchange.getResponseHeaders().set("Content-Type", "application/xml");
        exchange.sendResponseHeaders(status, exchange.getRequestMethod().equals("HEAD") ? -1 : body.length);
        if (!exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
