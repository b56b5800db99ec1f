// The fault loop with everything on S3.
#include "aws/sign.h"
#include "load/crash_suite.h"
#include "s3/testing_server.h"

namespace rtl::load {
namespace {

// Every store below a prefix of its own in one bucket.
std::unique_ptr<store::ObjectStore> CopyToS3(const store::MemoryStore& memory) {
  s3::TestingServer* server = s3::TestingServer::Get();
  static const std::string bucket = server->NewBucket();
  auto store = server->Store(bucket, NewUuid() + "/");
  const auto from = memory.Clone();
  const auto objects = store::ListAll(*from, "");
  if (!objects) return nullptr;
  for (const store::ObjectInfo& info : *objects) {
    EXPECT_TRUE(store->Put(info.key, from->Get(info.key)->bytes).has_value());
  }
  return store;
}

std::vector<Case> CasesOnS3() {
  if (!s3::ServerProgram()) return {};
  return {{1, false, store::Fault::kBefore, true, CopyToS3},
          {1, false, store::Fault::kAfter, false, CopyToS3},
          {1, false, store::Fault::kUnknownNotDone, false, CopyToS3},
          {1, true, store::Fault::kBefore, false, CopyToS3}};
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CrashLoop);
INSTANTIATE_TEST_SUITE_P(OnS3, CrashLoop, ::testing::ValuesIn(CasesOnS3()), CaseName);

}  // namespace
}  // namespace rtl::load
