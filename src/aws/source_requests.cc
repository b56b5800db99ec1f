#include "aws/credentials_sources.h"

namespace rtl::aws {

Result<http::Response> AskTwice(http::Client& client, const Clock& clock, const http::Request& request) {
  constexpr std::chrono::milliseconds kPause{100};
  auto response = client.Send(request);
  const bool is_final = response ? response->status < 500 && response->status != 429
                                 : response.error().kind() != ErrorKind::kUnavailable &&
                                       response.error().kind() != ErrorKind::kCommitUnknown;
  if (is_final) return response;
  clock.Sleep(kPause);
  return client.Send(request);
}

Result<http::Response> AskPatiently(const SourceContext& context, const http::Request& request,
                                    std::string_view where) {
  auto response = AskTwice(*context.client, context.clock, request);
  if (response) return response;
  // only reads: not knowing whether they were carried out is no different from not having been heard
  const ErrorKind kind = response.error().kind() == ErrorKind::kCommitUnknown ? ErrorKind::kUnavailable
                                                                              : response.error().kind();
  return Fail(Error(kind, response.error().message()).Wrap(where));
}

}  // namespace rtl::aws
