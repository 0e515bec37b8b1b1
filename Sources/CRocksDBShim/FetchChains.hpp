#pragma once

#include <cstddef>

// Has the processor fetch the hash chains that a batch, as RocksDB encodes it, will be added to.
//
// Each insertion would wait for memory by itself, where here all wait at once. It only makes sense where
// this thread wrote to the same memtable before; elsewhere nothing but the time is lost.
void fetchChains(const char *batch, size_t bytes);
