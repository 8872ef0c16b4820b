#include "monitor/yaml_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <utility>
#include <yaml-cpp/eventhandler.h>

#include "base/nearest_word.hpp"
#include "base/utf8.hpp"

namespace udperf::monitor {
namespace {

constexpr std::size_t kMostErrors = 20;
constexpr std::size_t kMostScalar = 4096;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Of a message that repeats what the file has: printable, and not endless.
std::string printable(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string out;
  for (const char c : text.substr(0, kMost)) {
    const bool plain = static_cast<unsigned char>(c) >= ' ' && c != 127;
    out += plain ? c : '?';
  }
  return text.size() > kMost ? out + "..." : out;
}

/// Brackets that are open at once are kept by the parser, each at the price of hundreds of bytes.
bool nests_too_deeply(std::string_view text) {
  constexpr std::int64_t kMostOpen = 100'000;
  std::int64_t open = 0;
  for (const char c : text) {
    open += c == '[' || c == '{' ? 1 : 0;
    open -= (c == ']' || c == '}') && open > 0 ? 1 : 0;
    if (open > kMostOpen) {
      return true;
    }
  }
  return false;
}

/// Takes a document without keeping anything of it.
class NoDocument : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { begin = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  YAML::Mark begin;
};

/// Where a second document begins, or what else stands behind the first one.
std::optional<YAML::Mark> more_than_one(const std::string& text) {
  std::istringstream stream{text};
  YAML::Parser parser{stream};
  NoDocument document;
  const bool more = parser.HandleNextDocument(document) && parser.HandleNextDocument(document);
  return more ? std::optional{document.begin} : std::nullopt;
}

std::string guess(const std::string& word, const std::vector<std::string_view>& known) {
  const auto nearest = nearest_word(word, known);
  return nearest ? " (did you mean " + std::string{*nearest} + "?)" : std::string{};
}

}  // namespace

Place YamlReader::place(const YAML::Node& node) const {
  // Where there is no value yaml-cpp tells the place of what comes next.
  const bool nothing = node.IsNull() && node.is(value_);
  return place_of((nothing ? key_ : node).Mark());
}

/// Columns as editors count them; yaml-cpp counts bytes.
Place YamlReader::place_of(const YAML::Mark& mark) const {
  if (mark.is_null() || mark.line < 0 || mark.column < 0 || mark.pos < mark.column) {
    return {};
  }
  const auto end = static_cast<std::size_t>(mark.pos);
  const std::size_t begin = end - static_cast<std::size_t>(mark.column);
  return {static_cast<std::size_t>(mark.line) + 1, characters_.between(begin, end) + 1};
}

std::optional<YAML::Node> YamlReader::load(const std::string& text) {
  if (text.size() > kMostConfigBytes) {
    errors_->push_back({{}, "is longer than 8 MiB"});
    return std::nullopt;
  }
  if (nests_too_deeply(text)) {
    errors_->push_back({{}, "is nested too deeply"});
    return std::nullopt;
  }
  // Which yaml-cpp leaves out, and does not count.
  characters_ =
      CharacterCount{text.substr(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0)};
  constexpr std::size_t kFew = 10'000;
  steps_ = text.size() + kFew;
  try {
    if (const auto second = more_than_one(text)) {
      errors_->push_back({place_of(*second),
                          "a second document begins here, and only one can be read; put all into "
                          "one, without --- or ... between"});
      return std::nullopt;
    }
    return YAML::Load(text);
  } catch (const YAML::Exception& problem) {
    errors_->push_back({place_of(problem.mark), printable(problem.msg)});
  }
  return std::nullopt;
}

void YamlReader::complain(const YAML::Node& at, std::string message) {
  complain_at(place(at), std::move(message));
}

void YamlReader::complain_at(const Place& place, std::string message) {
  if (errors_->size() < kMostErrors) {
    errors_->push_back({place, std::move(message)});
  }
}

/// Of a text without aliases no more is looked at than it has; these make one part many.
bool YamlReader::goes_on(const YAML::Node& at) {
  if (steps_ > 0) {
    --steps_;
    return true;
  }
  if (!std::exchange(exhausted_, true)) {
    errors_->push_back({place(at), "its aliases make too much of it"});
  }
  return false;
}

void YamlReader::each_entry(const YAML::Node& map, std::string_view what, const Visit& visit) {
  std::set<std::string> seen;
  each_entry_of(map, what, 0, seen, visit);
}

/// What is merged in (`<<`) comes last: the mapping's own keys go before it.
void YamlReader::each_entry_of(const YAML::Node& map, std::string_view what, std::size_t depth,
                               std::set<std::string>& seen, const Visit& visit) {
  constexpr std::size_t kDeepest = 16;
  if (!map.IsMap() || depth > kDeepest) {
    complain(map, std::string{what} + (map.IsMap() ? ": << of << of <<, too deep"
                                                   : ": a mapping of keys and values is needed"));
    return;
  }
  std::vector<YAML::Node> merged;
  std::set<std::string> own;
  for (const auto& entry : map) {
    if (!goes_on(entry.first)) {
      return;
    }
    const auto key = scalar(entry.first, "a key");
    if (!key) {
      continue;
    }
    if (!own.insert(*key).second) {
      complain(entry.first, "the key " + printable(*key) + " is there twice");
    } else if (*key == "<<") {
      merged.push_back(entry.second);
    } else if (seen.insert(*key).second) {
      key_.reset(entry.first);  // `=` would change what it stood for
      value_.reset(entry.second);
      visit(*key, entry.first, entry.second);
    }
  }
  for (const YAML::Node& from : merged) {
    if (from.IsSequence()) {  // of several the first that has a key
      each_item(from, what,
                [&](const YAML::Node& one) { each_entry_of(one, what, depth + 1, seen, visit); });
    } else {
      each_entry_of(from, what, depth + 1, seen, visit);
    }
  }
}

void YamlReader::each_item(const YAML::Node& list, std::string_view what,
                           const std::function<void(const YAML::Node& item)>& visit) {
  if (!list.IsSequence()) {
    complain(list, std::string{what} + ": a list is needed");
    return;
  }
  for (const YAML::Node& item : list) {
    if (!goes_on(item)) {
      return;
    }
    visit(item);
  }
}

void YamlReader::unknown_key(const YAML::Node& at, const std::string& key,
                             const std::vector<std::string_view>& known) {
  complain(at, "unknown key " + printable(key) + guess(key, known));
}

void YamlReader::unknown_module(const Place& place, const std::string& module,
                                const std::vector<std::string_view>& known) {
  complain_at(place, "unknown module " + printable(module) + guess(module, known));
}

std::optional<std::string> YamlReader::scalar(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar()) {
    complain(node, std::string{what} + ": a single value is needed");
    return std::nullopt;
  }
  const std::string& text = node.Scalar();
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != 127;
  });
  if (!plain || text.size() > kMostScalar) {
    complain(node, std::string{what} + ": has control characters or is too long");
    return std::nullopt;
  }
  if (!is_utf8(text)) {  // what reads metrics refuses all of them for one such label
    complain(node, std::string{what} + ": is not UTF-8");
    return std::nullopt;
  }
  return text;
}

}  // namespace udperf::monitor
