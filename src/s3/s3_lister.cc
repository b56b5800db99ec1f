#include "s3/s3_lister.h"

#include <future>
#include <utility>

namespace rtl::s3 {
namespace {

// Keys below the root; the root's own marker object ("folder/") is none of them.
bool TakeOffRoot(std::string& key, const std::string& root) {
  if (key.size() <= root.size() || !key.starts_with(root)) return false;
  key.erase(0, root.size());
  return true;
}

class ObjectPages final : public store::ObjectLister {
 public:
  ObjectPages(std::shared_ptr<S3Client> client, std::string root, S3Client::ListRequest first)
      : client_(std::move(client)), root_(std::move(root)), request_(std::move(first)) {
    Fetch();
  }

  Result<std::vector<store::ObjectInfo>> Next() override {
    std::vector<store::ObjectInfo> infos;
    while (infos.empty() && next_.valid()) {
      RTL_TRY(ListPage page, next_.get());
      if (!page.next_token.empty()) {
        request_.token = std::move(page.next_token);
        Fetch();
      }
      for (store::ObjectInfo& info : page.objects) {
        if (TakeOffRoot(info.key, root_)) infos.push_back(std::move(info));
      }
    }
    return infos;
  }

 private:
  void Fetch() {
    next_ = std::async(std::launch::async, [client = client_, request = request_] { return client->ListObjects(request); });
  }

  const std::shared_ptr<S3Client> client_;
  const std::string root_;
  S3Client::ListRequest request_;
  std::future<Result<ListPage>> next_;
};

class VersionPages final : public store::VersionLister {
 public:
  VersionPages(std::shared_ptr<S3Client> client, std::string root, std::string prefix)
      : client_(std::move(client)), root_(std::move(root)), prefix_(std::move(prefix)) {
    Fetch({}, {});
  }

  Result<std::vector<store::ListedVersion>> Next() override {
    std::vector<store::ListedVersion> versions;
    while (versions.empty() && next_.valid()) {
      RTL_TRY(VersionsPage page, next_.get());
      if (page.truncated) Fetch(page.next_key, page.next_version);
      for (store::ListedVersion& version : page.versions) {
        if (TakeOffRoot(version.info.key, root_)) versions.push_back(std::move(version));
      }
    }
    return versions;
  }

 private:
  void Fetch(const std::string& key, const std::string& version) {
    next_ = std::async(std::launch::async, [client = client_, prefix = prefix_, key, version] {
      return client->ListVersions(prefix, key, version);
    });
  }

  const std::shared_ptr<S3Client> client_;
  const std::string root_;
  const std::string prefix_;
  std::future<Result<VersionsPage>> next_;
};

}  // namespace

Result<std::unique_ptr<store::ObjectLister>> MakeObjectLister(std::shared_ptr<S3Client> client, std::string root,
                                                              std::string_view prefix, std::string_view start_after) {
  S3Client::ListRequest request;
  request.prefix = root + std::string(prefix);
  if (!start_after.empty()) request.start_after = root + std::string(start_after);
  return std::make_unique<ObjectPages>(std::move(client), std::move(root), std::move(request));
}

Result<std::unique_ptr<store::VersionLister>> MakeVersionLister(std::shared_ptr<S3Client> client, std::string root,
                                                                std::string_view prefix) {
  std::string whole = root + std::string(prefix);
  return std::make_unique<VersionPages>(std::move(client), std::move(root), std::move(whole));
}

}  // namespace rtl::s3
