#pragma once

#include "report/block.hpp"
#include "result/document.hpp"

namespace udperf::report {

// The lines that tell of one direction.

void sent_lines(const result::DirectionPart& part, Block& block);
void received_lines(const result::DirectionPart& part, Block& block);
void loss_lines(const result::DirectionPart& part, Block& block);
/// Duplicates, reordering and what else there may be: nothing when there is none.
void disorder_lines(const result::DirectionPart& part, Block& block);
/// The silences that are longer than what was asked for.
void silence_lines(const result::DirectionPart& part, Duration longer_than, Block& block);
void delay_lines(const result::DirectionPart& part, Block& block);
void omitted_lines(const result::DirectionPart& part, Block& block);
void voice_lines(const result::DirectionPart& part, Block& block);
void pacing_lines(const result::DirectionPart& part, Block& block);
/// One line for each of several streams.
void stream_lines(const result::DirectionPart& part, Block& block);

/// "1.02 ms"
[[nodiscard]] std::string duration_text(std::int64_t ns);

}  // namespace udperf::report
