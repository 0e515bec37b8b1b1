#include <rocksdb/version.h>

#include <string>

#include "Handles.hpp"

namespace {

// Writes through the C calls, and reads through the views.
bool viewsAgree() {
  rocksdb_options_t *options = rocksdb_options_create();
  rocksdb_options_set_write_buffer_size(options, 12345678);
  rocksdb_options_set_max_background_jobs(options, 17);
  const bool optionsAgree = behind(options).write_buffer_size == 12345678 &&
                            behind(options).max_background_jobs == 17;
  rocksdb_options_destroy(options);

  rocksdb_readoptions_t *reading = rocksdb_readoptions_create();
  rocksdb_readoptions_set_readahead_size(reading, 4242);
  const bool readingAgrees = behind(reading).readahead_size == 4242;
  rocksdb_readoptions_destroy(reading);

  rocksdb_writeoptions_t *writing = rocksdb_writeoptions_create();
  rocksdb_writeoptions_set_sync(writing, 1);
  rocksdb_writeoptions_set_low_pri(writing, 1);
  const bool writingAgrees = behind(writing).sync && behind(writing).low_pri;
  rocksdb_writeoptions_destroy(writing);

  rocksdb_cache_t *cache = rocksdb_cache_create_lru(1234567);
  const bool cacheAgrees = behind(cache)->GetCapacity() == 1234567;
  rocksdb_cache_destroy(cache);
  return optionsAgree && readingAgrees && writingAgrees && cacheAgrees;
}

std::string findProblem() {
  const std::string built =
      std::to_string(ROCKSDB_MAJOR) + "." + std::to_string(ROCKSDB_MINOR) + ".";
  const std::string loaded = rocksdb::GetRocksVersionAsString(true);
  if (loaded.compare(0, built.size(), built) != 0) {
    return "librocksdb " + loaded + " is loaded, but this program was built for " + built +
           "x; install librocksdb-dev and build again";
  }
  return viewsAgree() ? "" : "librocksdb " + loaded + " is built differently from its headers";
}

}  // namespace

const char *rocksdb_shim_problem(void) {
  static const std::string problem = findProblem();
  return problem.empty() ? nullptr : problem.c_str();
}

const char *rocksdb_shim_version(void) {
  static const std::string version = rocksdb::GetRocksVersionAsString(true);
  return version.c_str();
}
