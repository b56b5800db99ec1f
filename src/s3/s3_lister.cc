#include "s3/s3_lister.h"

#include "s3/range_lister.h"

#include <future>
#include <utility>

namespace rtl::s3 {
namespace {

constexpr int kListingThreads = 8;

// Keys below the root; the root's own marker object ("folder/") is none of them.
bool TakeOffRoot(std::string& key, const std::string& root) {
  if (key.size() <= root.size() || !key.starts_with(root)) return false;
  key.erase(0, root.size());
  return true;
}

class ObjectPages final : public store::ObjectLister {
 public:
  ObjectPages(std::unique_ptr<RangeLister> pages, std::string root)
      : pages_(std::move(pages)), root_(std::move(root)) {}

  Result<std::vector<store::ObjectInfo>> Next() override {
    for (;;) {
      RTL_TRY(auto page, pages_->Next());
      const bool at_end = page.empty();
      std::erase_if(page, [&](store::ObjectInfo& info) { return !TakeOffRoot(info.key, root_); });
      if (at_end || !page.empty()) return page;
    }
  }

 private:
  const std::unique_ptr<RangeLister> pages_;
  const std::string root_;
};

class VersionPages final : public store::VersionLister {
 public:
  VersionPages(std::shared_ptr<S3Client> client, std::string root, std::string prefix)
      : client_(std::move(client)), root_(std::move(root)), prefix_(std::move(prefix)) {
    Fetch({}, {});
  }

  Result<std::vector<store::ListedVersion>> Next() override {
    if (failed_) return Fail(*failed_);
    std::vector<store::ListedVersion> versions;
    while (versions.empty() && next_.valid()) {
      auto page = next_.get();
      if (!page) failed_ = page.error();
      if (failed_) return Fail(*failed_);
      if (page->truncated) Fetch(page->next_key, page->next_version);
      for (store::ListedVersion& version : page->versions) {
        if (TakeOffRoot(version.info.key, root_)) versions.push_back(std::move(version));
      }
    }
    return versions;
  }

 private:
  void Fetch(const std::string& key, const std::string& version) {
    next_ = std::async(std::launch::async | std::launch::deferred,
                       [client = client_, prefix = prefix_, key, version] {
                         return client->ListVersions(prefix, key, version);
                       });
  }

  const std::shared_ptr<S3Client> client_;
  const std::string root_;
  const std::string prefix_;
  std::future<Result<VersionsPage>> next_;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::unique_ptr<store::ObjectLister>> MakeObjectLister(std::shared_ptr<S3Client> client,
                                                              std::string root, std::string_view prefix,
                                                              std::string_view start_after) {
  const std::string whole = root + std::string(prefix);
  std::string after = start_after.empty() ? std::string() : root + std::string(start_after);
  auto fetch = [client = std::move(client), whole](const std::string& from) -> Result<KeyPage> {
    S3Client::ListRequest request;
    request.prefix = whole;
    request.start_after = from;
    RTL_TRY(ListPage page, client->ListObjects(request));
    while (page.objects.empty() && !page.next_token.empty()) {  // a page may have no keys though more follow
      request.token = page.next_token;
      RTL_TRY(page, client->ListObjects(request));
    }
    return KeyPage{std::move(page.objects), !page.next_token.empty()};
  };
  auto pages = std::make_unique<RangeLister>(std::move(fetch), whole, std::move(after), kListingThreads);
  return std::make_unique<ObjectPages>(std::move(pages), std::move(root));
}

Result<std::unique_ptr<store::VersionLister>> MakeVersionLister(std::shared_ptr<S3Client> client,
                                                                std::string root, std::string_view prefix) {
  std::string whole = root + std::string(prefix);
  return std::make_unique<VersionPages>(std::move(client), std::move(root), std::move(whole));
}

}  // namespace rtl::s3
