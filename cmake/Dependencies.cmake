# Third-party libraries as imported targets. Why each is here: ARCHITECTURE.md, "Dependencies".
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(pugixml REQUIRED IMPORTED_TARGET pugixml)
find_package(OpenSSL REQUIRED)
find_package(roaring CONFIG REQUIRED)
find_package(Boost 1.81 REQUIRED)  # Beast and Asio: headers alone
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)

# Arrow and Parquet C++ come with the pyarrow wheel, which has no CMake config.
if(NOT RTLOADER_VENV)
  message(FATAL_ERROR "RTLOADER_VENV is not set: build through ./dev, or pass what tools/setup --print-env prints")
endif()
file(GLOB _pyarrow "${RTLOADER_VENV}/lib/python3*/site-packages/pyarrow")
foreach(_lib arrow parquet)
  file(GLOB _so "${_pyarrow}/lib${_lib}.so.*")
  if(NOT _so)
    message(FATAL_ERROR "no lib${_lib} in ${RTLOADER_VENV}: run tools/setup")
  endif()
  add_library(${_lib}_shared SHARED IMPORTED)
  set_target_properties(${_lib}_shared PROPERTIES
    IMPORTED_LOCATION "${_so}"
    INTERFACE_INCLUDE_DIRECTORIES "${_pyarrow}/include"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${_pyarrow}/include")
endforeach()
set_target_properties(parquet_shared PROPERTIES INTERFACE_LINK_LIBRARIES arrow_shared)

# simdjson: a new enough installed one, else the pinned source, built once as a static library.
find_package(simdjson 3.12 QUIET)
if(NOT TARGET simdjson::simdjson)
  if(NOT EXISTS "${RTLOADER_SIMDJSON}/simdjson.cpp")
    message(FATAL_ERROR "RTLOADER_SIMDJSON has no simdjson.cpp: build through ./dev")
  endif()
  add_library(simdjson STATIC "${RTLOADER_SIMDJSON}/simdjson.cpp")
  target_include_directories(simdjson SYSTEM PUBLIC "${RTLOADER_SIMDJSON}")
  target_compile_definitions(simdjson PUBLIC SIMDJSON_EXCEPTIONS=0)
  target_compile_options(simdjson PRIVATE -w)
  add_library(simdjson::simdjson ALIAS simdjson)
endif()
