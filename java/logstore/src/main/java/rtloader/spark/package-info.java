/**
 * Log stores for Delta Lake on Apache Spark that commit by put-if-absent, as other writers of the same tables do:
 * {@link rtloader.spark.LocalLogStore} for {@code file:} paths, {@link rtloader.spark.S3LogStore} for {@code s3a:} paths. Delta
 * makes one for each scheme and calls it from many threads; neither keeps any state.
 *
 * <p>Delta's protocol, "Delta Log Entries" and "Writer Requirements": a version's file is written by exactly one writer, and
 * never again.
 */
package rtloader.spark;
