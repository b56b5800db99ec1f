package rtloader.spark;

import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** A file system of another scheme, which knows nothing of conditional writes. */
public class OddFileSystem extends RawLocalFileSystem {
    private URI uri;

    @Override
    public void initialize(URI name, Configuration conf) {
        uri = URI.create(name.getScheme() + "://" + name.getAuthority());
        setConf(conf);
    }

    @Override
    public URI getUri() {
        return uri == null ? URI.create("odd:///") : uri;
    }
}
