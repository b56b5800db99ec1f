// The conformance suite over S3, as a real server speaks it.
#include "store/conformance_suite.h"

#include "aws/sign.h"
#include "s3/testing_server.h"
#include "store/faulty_store.h"

namespace rtl::store {
namespace {

class S3UnderTest : public StoreUnderTest {
 public:
  S3UnderTest(bool versioned, std::string prefix, s3::Options options = {}) {
    s3::TestingServer* server = s3::TestingServer::Get();
    store_ = server->Store(server->NewBucket(versioned), prefix, options);
  }
  ObjectStore& store() override { return *store_; }

 private:
  std::unique_ptr<ObjectStore> store_;
};

class FaultlessOverS3 : public StoreUnderTest {
 public:
  ObjectStore& store() override { return store_; }

 private:
  S3UnderTest s3_{false, "a/b/"};
  FaultyStore store_{s3_.store()};
};

StoreKind Kind(std::string name, std::function<std::unique_ptr<StoreUnderTest>()> make,
               bool keeps_versions = false) {
  StoreKind kind;
  kind.name = std::move(name);
  kind.make = std::move(make);
  kind.any_bytes_in_keys = false;  // S3's keys are UTF-8
  kind.any_segments = true;
  kind.keeps_versions = keeps_versions;
  kind.lists_ahead = true;
  kind.is_folders_below = true;  // the server keeps objects as files
  kind.available = [] { return s3::ServerProgram().has_value(); };
  return kind;
}

s3::Options SmallParts() {
  s3::Options options;
  options.part_bytes = 1 << 20;
  options.multipart_from_bytes = 100'000;
  options.checksum = s3::Checksum::kSha256;
  return options;
}

INSTANTIATE_TEST_SUITE_P(
    S3, Conformance,
    ::testing::Values(
        Kind("WholeBucket", [] { return std::make_unique<S3UnderTest>(false, ""); }),
        Kind(
            "VersionedBelowAPrefix", [] { return std::make_unique<S3UnderTest>(true, "in/x y/"); }, true),
        Kind("InParts", [] { return std::make_unique<S3UnderTest>(false, "p/", SmallParts()); }),
        Kind("Faultless", [] { return std::make_unique<FaultlessOverS3>(); })),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace rtl::store
