// The JSON in which container endpoints, the instance's metadata service, credential_process and the SSO
// portal give credentials: the same four values under different names.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "core/error.h"

namespace rtl::aws {

// The members of an object that are strings, numbers or booleans, as text. kBadData when it is no object. The
// message never has any of the text: it is secret. `inside`: of the object under that name.
Result<std::map<std::string, std::string>> ReadFlatJson(std::string_view json, std::string_view inside = {});

// "AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration". kBadData: something is missing.
Result<Credentials> CredentialsFromJson(std::string_view json, std::string source);

}  // namespace rtl::aws
