#include "support/places.hpp"

// Paths are told to this file alone: every other object is the same wherever the tree lies, so that
// a compiler cache serves all clones.
const char* const udperf::test::kProgram = UDPERF_BINARY;
const char* const udperf::test::kSourceDir = UDPERF_SOURCE_DIR;
