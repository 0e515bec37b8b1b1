#pragma once

#include <rocksdb/c.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <cstring>
#include <memory>

#include "CRocksDBShim.h"

// What stands behind the C handles. rocksdb/c.h keeps these structures to itself, so
// rocksdb_shim_problem looks whether the loaded library still agrees.

struct DatabaseView {
  rocksdb::DB *rep;
};

struct OptionsView {
  rocksdb::Options rep;
};

struct ReadOptionsView {
  rocksdb::ReadOptions rep;
};

struct WriteOptionsView {
  rocksdb::WriteOptions rep;
};

struct CacheView {
  std::shared_ptr<rocksdb::Cache> rep;
};

struct IteratorView {
  rocksdb::Iterator *rep;
};

inline rocksdb::Iterator *behind(rocksdb_iterator_t *iterator) {
  return reinterpret_cast<IteratorView *>(iterator)->rep;
}

inline rocksdb::DB *behind(rocksdb_t *database) {
  return reinterpret_cast<DatabaseView *>(database)->rep;
}

inline rocksdb::Options &behind(rocksdb_options_t *options) {
  return reinterpret_cast<OptionsView *>(options)->rep;
}

inline const rocksdb::Options &behind(const rocksdb_options_t *options) {
  return reinterpret_cast<const OptionsView *>(options)->rep;
}

inline const rocksdb::ReadOptions &behind(const rocksdb_readoptions_t *options) {
  return reinterpret_cast<const ReadOptionsView *>(options)->rep;
}

inline const rocksdb::WriteOptions &behind(const rocksdb_writeoptions_t *options) {
  return reinterpret_cast<const WriteOptionsView *>(options)->rep;
}

inline const std::shared_ptr<rocksdb::Cache> &behind(const rocksdb_cache_t *cache) {
  return reinterpret_cast<const CacheView *>(cache)->rep;
}

// Leaves the text of a failure where C wants it.
inline void report(const rocksdb::Status &status, char **error) {
  if (!status.ok()) *error = strdup(status.ToString().c_str());
}
