# rtl_module(NAME [DEPS module...] [LIBS target...] [PCH header...])
# The library rtl_NAME from src/NAME/*.cc, and the test program NAME_test from src/NAME/*_test.cc (unit tests sit beside
# what they test). DEPS are modules of this project: the list is the architecture's arrow (ARCHITECTURE.md).
function(rtl_module NAME)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS;PCH" ${ARGN})
  set(dir "${CMAKE_SOURCE_DIR}/src/${NAME}")
  file(GLOB sources CONFIGURE_DEPENDS "${dir}/*.cc")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|main)\\.cc$")
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM ARG_DEPS PREPEND rtl_)

  add_library(rtl_${NAME} STATIC ${sources})
  target_include_directories(rtl_${NAME} PUBLIC "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(rtl_${NAME} PUBLIC ${ARG_DEPS} ${ARG_LIBS} rtl_flags)
  if(ARG_PCH)
    target_precompile_headers(rtl_${NAME} PRIVATE ${ARG_PCH})
  endif()

  if(tests)
    add_executable(${NAME}_test ${tests})
    target_link_libraries(${NAME}_test PRIVATE rtl_${NAME} GTest::gmock GTest::gtest_main)
    # not __FILE__: with a compiler cache its text depends on where it was first compiled
    target_compile_definitions(${NAME}_test PRIVATE RTLOADER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_precompile_headers(${NAME}_test PRIVATE <gtest/gtest.h> ${ARG_PCH})
    gtest_discover_tests(${NAME}_test TEST_PREFIX "${NAME}/" DISCOVERY_MODE PRE_TEST
      PROPERTIES TIMEOUT 300 LABELS unit)
  endif()
endfunction()
