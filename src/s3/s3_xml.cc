#include "s3/s3_xml.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <pugixml.hpp>
#include <sstream>

namespace rtl::s3 {
namespace {

// Elements by local name: some servers give a namespace prefix.
bool Is(const pugi::xml_node& node, std::string_view name) {
  std::string_view local = node.name();
  if (const std::size_t colon = local.find(':'); colon != std::string_view::npos)
    local.remove_prefix(colon + 1);
  return local == name;
}

pugi::xml_node Child(const pugi::xml_node& parent, std::string_view name) {
  for (const pugi::xml_node& child : parent.children()) {
    if (Is(child, name)) return child;
  }
  return {};
}

std::string Text(const pugi::xml_node& parent, std::string_view name) {
  return Child(parent, name).text().get();
}

Result<pugi::xml_node> Root(pugi::xml_document& document, std::string_view xml, std::string_view name) {
  const auto parsed =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  const pugi::xml_node root = document.document_element();
  if (!parsed || !Is(root, name)) {
    return Fail(ErrorKind::kBadData, fmt::format("the answer is no {} document: {}", name,
                                                 parsed ? root.name() : parsed.description()));
  }
  return root;
}

// encoding-type=url: '+' is a space in S3's form of it.
std::string UrlDecode(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool IsUrlEncoded(const pugi::xml_node& root) {
  return Text(root, "EncodingType") == "url";
}

std::string Key(bool url_encoded, const pugi::xml_node& entry) {
  std::string key = Text(entry, "Key");
  return url_encoded ? UrlDecode(key) : key;
}

Result<std::int64_t> Number(const std::string& text, std::string_view what) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return Fail(ErrorKind::kBadData, fmt::format("the answer has \"{}\" for {}", text, what));
  }
  return value;
}

Result<store::ObjectInfo> Info(bool url_encoded, const pugi::xml_node& entry) {
  store::ObjectInfo info;
  info.key = Key(url_encoded, entry);
  RTL_TRY(info.size, Number(Text(entry, "Size"), "a size"));
  info.version.etag = Unquote(Text(entry, "ETag"));
  const auto modified = ParseIsoTime(Text(entry, "LastModified"));
  if (!modified || info.key.empty()) {
    return Fail(ErrorKind::kBadData, "the answer lists an object without a key or a time");
  }
  info.modified_at = *modified;
  return info;
}

// AWS lists versions and delete markers among each other, by key and the newest first. Some servers list a
// page's markers apart: those are put where they belong. Their times are whole seconds; within one the ids,
// which grow with time there, decide.
void OrderByKey(std::vector<store::ListedVersion>& versions) {
  using store::ListedVersion;
  const auto before = [](const ListedVersion& a, const ListedVersion& b) {
    if (a.info.key != b.info.key) return a.info.key < b.info.key;
    if (a.is_latest != b.is_latest) return a.is_latest;
    return a.info.modified_at > b.info.modified_at;
  };
  if (std::ranges::is_sorted(versions, before)) return;
  std::ranges::stable_sort(versions, [&](const ListedVersion& a, const ListedVersion& b) {
    if (before(a, b) || before(b, a)) return before(a, b);
    return a.info.version.version_id > b.info.version.version_id;
  });
}

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (byte < 32) {
      out += fmt::format("&#{};", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<Timestamp> ParseTime(std::string_view text, const char* format) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  std::tm parts{};
  in >> std::get_time(&parts, format);
  if (in.fail()) return std::nullopt;
  return Timestamp(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

std::optional<ErrorBody> ParseError(std::string_view xml) {
  pugi::xml_document document;
  const auto root = Root(document, xml, "Error");
  if (!root) return std::nullopt;
  return ErrorBody{Text(*root, "Code"), Text(*root, "Message"), Text(*root, "Region"),
                   Text(*root, "StorageClass")};
}

Result<ListPage> ParseListObjects(std::string_view xml) {
  pugi::xml_document document;
  RTL_TRY(const pugi::xml_node root, Root(document, xml, "ListBucketResult"));
  const bool url_encoded = IsUrlEncoded(root);
  ListPage page;
  for (const pugi::xml_node& entry : root.children()) {
    if (!Is(entry, "Contents")) continue;
    RTL_TRY(store::ObjectInfo info, Info(url_encoded, entry));
    page.objects.push_back(std::move(info));
  }
  if (Text(root, "IsTruncated") == "true") {
    page.next_token = Text(root, "NextContinuationToken");
    if (page.next_token.empty())
      return Fail(ErrorKind::kBadData, "a page of a listing does not say how to go on");
  }
  return page;
}

Result<VersionsPage> ParseListVersions(std::string_view xml) {
  pugi::xml_document document;
  RTL_TRY(const pugi::xml_node root, Root(document, xml, "ListVersionsResult"));
  const bool url_encoded = IsUrlEncoded(root);
  VersionsPage page;
  for (const pugi::xml_node& entry : root.children()) {
    const bool is_marker = Is(entry, "DeleteMarker");
    if (!is_marker && !Is(entry, "Version")) continue;
    store::ListedVersion version;
    version.is_delete_marker = is_marker;
    version.is_latest = Text(entry, "IsLatest") == "true";
    if (is_marker) {
      version.info.key = Key(url_encoded, entry);
      version.info.modified_at = ParseIsoTime(Text(entry, "LastModified")).value_or(Timestamp());
    } else {
      RTL_TRY(version.info, Info(url_encoded, entry));
    }
    version.info.version.version_id = Text(entry, "VersionId");
    if (version.info.version.version_id == "null") version.info.version.version_id.clear();
    page.versions.push_back(std::move(version));
  }
  OrderByKey(page.versions);
  page.truncated = Text(root, "IsTruncated") == "true";
  page.next_key = Text(root, "NextKeyMarker");
  if (url_encoded) page.next_key = UrlDecode(page.next_key);
  page.next_version = Text(root, "NextVersionIdMarker");
  if (page.truncated && page.next_key.empty()) {
    return Fail(ErrorKind::kBadData, "a page of a listing does not say how to go on");
  }
  return page;
}

bool FitsXml(std::string_view key) {
  // XML 1.0 has no other control characters, not even as references, and neither U+FFFE nor U+FFFF.
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
  };
  return std::none_of(key.begin(), key.end(), is_control) && key.find("\xef\xbf\xbe") == key.npos &&
         key.find("\xef\xbf\xbf") == key.npos;
}

std::string DeleteBody(std::span<const std::string> keys) {
  std::string body = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
  for (const std::string& key : keys) body += fmt::format("<Object><Key>{}</Key></Object>", Escape(key));
  return body + "</Delete>";
}

Result<std::vector<DeleteFailure>> ParseDeleteResult(std::string_view xml) {
  pugi::xml_document document;
  RTL_TRY(const pugi::xml_node root, Root(document, xml, "DeleteResult"));
  std::vector<DeleteFailure> failures;
  for (const pugi::xml_node& entry : root.children()) {
    if (Is(entry, "Error"))
      failures.push_back({Text(entry, "Key"), Text(entry, "Code"), Text(entry, "Message")});
  }
  return failures;
}

bool IsDocument(std::string_view xml, std::string_view root) {
  pugi::xml_document document;
  return Root(document, xml, root).has_value();
}

Result<std::string> ParseUploadId(std::string_view xml) {
  pugi::xml_document document;
  RTL_TRY(const pugi::xml_node root, Root(document, xml, "InitiateMultipartUploadResult"));
  std::string id = Text(root, "UploadId");
  if (id.empty()) return Fail(ErrorKind::kBadData, "the answer names no upload");
  return id;
}

std::string CompleteBody(std::span<const Part> parts, std::string_view checksum_element) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const Part& part : parts) {
    body +=
        fmt::format("<Part><PartNumber>{}</PartNumber><ETag>\"{}\"</ETag>", part.number, Escape(part.etag));
    if (!part.checksum.empty()) body += fmt::format("<{0}>{1}</{0}>", checksum_element, part.checksum);
    body += "</Part>";
  }
  return body + "</CompleteMultipartUpload>";
}

Result<std::string> ParseVersioning(std::string_view xml) {
  pugi::xml_document document;
  RTL_TRY(const pugi::xml_node root, Root(document, xml, "VersioningConfiguration"));
  return Text(root, "Status");
}

std::optional<Timestamp> ParseIsoTime(std::string_view text) {
  return ParseTime(text, "%Y-%m-%dT%H:%M:%S");
}
std::optional<Timestamp> ParseHttpTime(std::string_view text) {
  return ParseTime(text, "%a, %d %b %Y %H:%M:%S");
}

std::string Unquote(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag.remove_prefix(1);
    etag.remove_suffix(1);
  }
  return std::string(etag);
}

}  // namespace rtl::s3
