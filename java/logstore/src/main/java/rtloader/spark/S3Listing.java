package rtloader.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.s3a.S3AFileSystem;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CommonPrefix;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * The objects of a folder from some name on, without those before it: Hadoop lists a folder from its beginning, 1,000 names a
 * request, and a log's beginning may be long ago. Not for directory buckets, which list in no order.
 */
final class S3Listing {
    private S3Listing() {}

    /** @throws FileNotFoundException there is no such folder */
    static List<FileStatus> from(FileSystem fs, Path first) throws IOException {
        S3AFileSystem s3a = (S3AFileSystem) fs;
        Path folder = first.getParent();
        String prefix = s3a.pathToKey(folder) + "/";
        String name = first.getName();
        // "after" leaves out what it names
        String after = prefix + name.substring(0, name.length() - 1);
        ListObjectsV2Request.Builder request =
                ListObjectsV2Request.builder().bucket(s3a.getBucket()).prefix(prefix).delimiter("/").startAfter(after);
        S3Client client = s3a.getS3AInternals().getAmazonS3Client("listing a Delta log");
        List<FileStatus> found = new ArrayList<>();
        try {
            ListObjectsV2Response page;
            do {
                page = client.listObjectsV2(request.build());
                for (S3Object object : page.contents()) {
                    found.add(new FileStatus(object.size(), false, 1, fs.getDefaultBlockSize(folder),
                            object.lastModified().toEpochMilli(), new Path(folder, object.key().substring(prefix.length()))));
                }
                for (CommonPrefix below : page.commonPrefixes()) {
                    String at = below.prefix().substring(prefix.length(), below.prefix().length() - 1);
                    found.add(new FileStatus(0, true, 1, 0, 0, new Path(folder, at)));
                }
                request.continuationToken(page.nextContinuationToken());
            } while (page.isTruncated());
        } catch (SdkException e) {
            throw new IOException("cannot list " + folder, e);
        }
        if (found.isEmpty() && !fs.exists(folder)) {
            throw new FileNotFoundException("No such file or directory: " + folder);
        }
        found.removeIf(status -> LogFolder.BY_BYTES.compare(status.getPath().getName(), name) < 0);
        found.sort((a, b) -> LogFolder.BY_BYTES.compare(a.getPath().getName(), b.getPath().getName()));
        return found;
    }
}
