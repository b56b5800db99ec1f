// What a process has of AWS: one HTTP client, credentials by settings, one set of counters.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "aws/caller.h"
#include "aws/credentials.h"
#include "cli/config.h"
#include "http/client.h"
#include "s3/s3_store.h"
#include "store/object_store.h"

namespace rtl::cli {

// Threads: any. What it gives out may outlive it.
class AwsSession {
 public:
  // `stop` ends waiting for answers of stores opened here.
  explicit AwsSession(std::stop_token stop = {}, aws::Surroundings surroundings = aws::ProcessSurroundings());

  Result<std::unique_ptr<store::ObjectStore>> OpenStore(const std::string& uri, const S3Settings& settings);

  // The same settings get the same provider.
  std::shared_ptr<aws::CredentialsProvider> Credentials(const S3Settings& settings);
  std::shared_ptr<http::Client> Client(const S3Settings& settings);
  std::string Region(const S3Settings& settings);
  // The endpoint of a service ("s3", "sqs"): the settings', AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL;
  // empty: AWS's own.
  std::string Endpoint(const S3Settings& settings, const std::string& service) const;
  // "arn:aws:iam::123456789012:role/x (account 123456789012)", as STS says; nullopt where there is no STS to
  // ask: a
  // server of one's own, or unsigned requests.
  std::optional<Result<std::string>> WhoAmI(const S3Settings& settings);
  const std::shared_ptr<aws::RequestCounters>& counters() const { return counters_; }

  static s3::Options S3Options(const S3Settings& settings, std::string endpoint, std::string region);

 private:
  const std::stop_token stop_;
  const aws::Surroundings surroundings_;
  const std::shared_ptr<aws::RequestCounters> counters_ = std::make_shared<aws::RequestCounters>();
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<http::Client>> clients_;                  // by CA file
  std::map<std::string, std::shared_ptr<aws::CredentialsProvider>> credentials_;  // by what names them
  std::map<std::string, std::string> regions_;
};

}  // namespace rtl::cli
