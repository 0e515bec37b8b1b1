#pragma once

#include <rocksdb/env.h>

#include <memory>
#include <string>

// RocksDB's own messages in a file, of which none is missed that cannot be written.
//
// RocksDB 7.8.3's own logger writes through the same writer as its data. Once a message has failed,
// on a full disk or a dead drive, the next one ends the process where assertions are on.
//
// Gives back NULL, with errno set, where the file cannot be made.
std::shared_ptr<rocksdb::Logger> makeMessages(const std::string &path);
