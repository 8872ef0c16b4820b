#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "app/output/whole_file.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using udperf::app::WholeFile;
using udperf::test::content_of;
using udperf::test::TempDir;

namespace {

std::size_t files_in(const TempDir& folder) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder.path()}) {
    count += entry.is_regular_file() ? 1U : 0U;
  }
  return count;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("what was there stays until all of the new is", "[app]") {
  const TempDir folder;
  const std::string path = folder.path().string() + "/page";
  std::ofstream{path} << "old";
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  {
    auto file = WholeFile::open(path, "--report");
    REQUIRE(file);
    CHECK(content_of(path) == "old");
    REQUIRE(file->write("new"));
    CHECK(content_of(path) == "new");
  }
  CHECK(content_of(path) == "new");
  CHECK(mode_of(path) == 0640);
  CHECK(files_in(folder) == 1);
}

TEST_CASE("what is never written leaves nothing behind", "[app]") {
  const TempDir folder;
  const std::string path = folder.path().string() + "/page";
  { REQUIRE(WholeFile::open(path, "--report")); }
  CHECK(files_in(folder) == 0);
  std::ofstream{path} << "old";
  { REQUIRE(WholeFile::open(path, "--report")); }
  CHECK(content_of(path) == "old");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("a new file may be read by everybody whom the umask lets", "[app]") {
  const TempDir folder;
  const std::string path = folder.path().string() + "/page";
  const mode_t before = ::umask(022);
  auto file = WholeFile::open(path, "--report");
  REQUIRE(file);
  REQUIRE(file->write("text"));
  ::umask(before);
  CHECK(mode_of(path) == 0644);
}

TEST_CASE("a link stays a link", "[app]") {
  const TempDir folder;
  const std::string target = folder.path().string() + "/target";
  const std::string link = folder.path().string() + "/link";
  std::ofstream{target} << "old";
  REQUIRE(::symlink(target.c_str(), link.c_str()) == 0);
  auto file = WholeFile::open(link, "--report");
  REQUIRE(file);
  REQUIRE(file->write("new"));
  CHECK(std::filesystem::is_symlink(link));
  CHECK(content_of(target) == "new");
}

TEST_CASE("a device is written as it is", "[app]") {
  auto file = WholeFile::open("/dev/null", "--report");
  REQUIRE(file);
  CHECK(file->write("gone"));
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("a place where nothing can be is refused before anything is done", "[app]") {
  const TempDir folder;
  const auto file = WholeFile::open(folder.path().string() + "/none/page", "--report");
  REQUIRE_FALSE(file);
  CHECK(file.error().message().find("--report") != std::string::npos);
}
