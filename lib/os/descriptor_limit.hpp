#pragma once

namespace udperf::os {

/// Lets this process open as many descriptors as its hard limit allows: each stream takes one.
void raise_descriptor_limit();

}  // namespace udperf::os
