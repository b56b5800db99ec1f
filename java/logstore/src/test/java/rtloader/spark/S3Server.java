package rtloader.spark;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/** versitygw on a free port, over a folder in memory where there is one: a bucket is a folder, an object a file. */
final class S3Server implements AutoCloseable {
    private static final String ACCESS_KEY = "test";
    private static final String SECRET_KEY = "testsecret";

    final int port;
    private final Path root;
    private final Process process;

    /** Skips the test where the server is not installed. */
    S3Server() throws IOException, InterruptedException {
        Path program = program();
        assumeTrue(Files.isExecutable(program), () -> program + " is not installed: tools/servers");
        Path memory = Path.of("/dev/shm");
        root = Files.isWritable(memory) ? Files.createTempDirectory(memory, "rtloader-s3-") : Files.createTempDirectory("rtloader-s3-");
        port = freePort();
        process = new ProcessBuilder(program.toString(), "--access", ACCESS_KEY, "--secret", SECRET_KEY, "--port", "127.0.0.1:" + port,
                "--quiet", "--health", "/health", "posix", root.toString()).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        while (!answers()) {
            if (!process.isAlive()) {
                throw new IOException("versitygw did not start");
            }
            Thread.sleep(10);
        }
    }

    private static Path program() {
        String servers = System.getenv("RTLOADER_SERVERS");
        return servers != null ? Path.of(servers, "versitygw") : Path.of(System.getProperty("user.home"), ".cache/rtloader/servers/versitygw");
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private boolean answers() {
        try {
            HttpURLConnection health = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/health").toURL().openConnection();
            return health.getResponseCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** For a new bucket, reached through {@code throughPort}. S3A keeps one client for each bucket. */
    Configuration bucket(String name, int throughPort) throws IOException {
        Files.createDirectory(root.resolve(name));
        Configuration conf = new Configuration();
        conf.set("fs.s3a.endpoint", "http://127.0.0.1:" + throughPort);
        conf.set("fs.s3a.endpoint.region", "us-east-1");
        conf.set("fs.s3a.path.style.access", "true");
        conf.set("fs.s3a.access.key", ACCESS_KEY);
        conf.set("fs.s3a.secret.key", SECRET_KEY);
        conf.set("fs.s3a.aws.credentials.provider", "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider");
        conf.set("fs.s3a.fast.upload.buffer", "bytebuffer");
        conf.set("fs.s3a.multipart.size", "5M");  // of each buffer
        conf.set("fs.s3a.retry.interval", "5ms");
        conf.set("fs.s3a.retry.throttle.interval", "5ms");
        return conf;
    }

    Path onDisk(String bucket, String key) {
        return root.resolve(bucket).resolve(key);
    }

    List<String> names(String bucket, String folder) throws IOException {
        try (Stream<Path> files = Files.list(onDisk(bucket, folder))) {
            return files.map(f -> f.getFileName().toString()).sorted().collect(Collectors.toList());
        }
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly().onExit().join();
        try (Stream<Path> files = Files.walk(root)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }
}
