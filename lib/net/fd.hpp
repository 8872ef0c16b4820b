#pragma once

#include "os/fd.hpp"

namespace udperf::net {

using os::Fd;

}  // namespace udperf::net
