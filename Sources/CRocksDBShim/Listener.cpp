#include <rocksdb/listener.h>
#include <rocksdb/table_properties.h>
#include <turns.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <string>

#include "Handles.hpp"

namespace {

using Clock = std::chrono::steady_clock;

class Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(bool yields) : yields_(yields) {}

  const char *Name() const override { return "EventCounter"; }

  // On the thread that does it; the threads of a compaction's parts take after theirs.
  void OnFlushBegin(rocksdb::DB *, const rocksdb::FlushJobInfo &) override {
    if (yields_) turns_work_in_background();
  }

  void OnCompactionBegin(rocksdb::DB *, const rocksdb::CompactionJobInfo &) override {
    if (yields_) turns_work_in_background();
  }

  void OnFlushCompleted(rocksdb::DB *, const rocksdb::FlushJobInfo &) override {
    std::lock_guard<std::mutex> guard(mutex_);
    events_.flush_count++;
  }

  void OnCompactionCompleted(rocksdb::DB *, const rocksdb::CompactionJobInfo &) override {
    std::lock_guard<std::mutex> guard(mutex_);
    events_.compaction_count++;
  }

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status *status) override {
    std::lock_guard<std::mutex> guard(mutex_);
    events_.background_error_count++;
    if (error_.empty()) error_ = status->ToString();
  }

  // RocksDB would write what failed to the log once more, behind the half that may be there, and
  // look for room in intervals of five seconds, in which no one else may. Its caller does better.
  // Compactions it begins again by itself.
  void OnErrorRecoveryBegin(
      rocksdb::BackgroundErrorReason reason, rocksdb::Status, bool *recovers) override {
    if (reason != rocksdb::BackgroundErrorReason::kCompaction) *recovers = false;
  }

  void OnStallConditionsChanged(const rocksdb::WriteStallInfo &info) override {
    const auto now = Clock::now();
    std::lock_guard<std::mutex> guard(mutex_);
    const auto before = events_.stall_condition;
    const auto after = static_cast<uint32_t>(info.condition.cur);
    if (before == after) return;
    const auto spent = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now - since_).count());
    if (before == delayed)
      events_.longest_delayed_nanoseconds = std::max(events_.longest_delayed_nanoseconds, spent);
    if (before == stopped)
      events_.longest_stopped_nanoseconds = std::max(events_.longest_stopped_nanoseconds, spent);
    if (after == delayed) events_.delayed_count++;
    if (after == stopped) events_.stopped_count++;
    events_.stall_condition = after;
    since_ = now;
  }

  bool yields() const { return yields_; }

  rocksdb_shim_events events() const {
    std::lock_guard<std::mutex> guard(mutex_);
    return events_;
  }

  std::string error() const {
    std::lock_guard<std::mutex> guard(mutex_);
    return error_;
  }

 private:
  static constexpr auto delayed = static_cast<uint32_t>(rocksdb::WriteStallCondition::kDelayed);
  static constexpr auto stopped = static_cast<uint32_t>(rocksdb::WriteStallCondition::kStopped);

  const bool yields_;
  mutable std::mutex mutex_;
  rocksdb_shim_events events_ = {};
  std::string error_;
  Clock::time_point since_ = Clock::now();
};

// Has whoever writes a table, a flush or a compaction, give way after each block. It collects nothing; what a
// compaction drops makes no block. The thread that sorts memtables does not: it holds what flushes wait for, and
// batches lost 3 %.
class GivingWay final : public rocksdb::TablePropertiesCollector {
 public:
  const char *Name() const override { return "GivingWay"; }

  rocksdb::Status AddUserKey(
      const rocksdb::Slice &, const rocksdb::Slice &, rocksdb::EntryType, rocksdb::SequenceNumber,
      uint64_t) override {
    return rocksdb::Status::OK();
  }

  void BlockAdd(uint64_t, uint64_t, uint64_t) override { turns_give_way(); }

  rocksdb::Status Finish(rocksdb::UserCollectedProperties *) override {
    return rocksdb::Status::OK();
  }

  rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }
};

class GivingWayFactory final : public rocksdb::TablePropertiesCollectorFactory {
 public:
  const char *Name() const override { return "GivingWay"; }

  rocksdb::TablePropertiesCollector *CreateTablePropertiesCollector(Context) override {
    return new GivingWay;
  }
};

}  // namespace

struct rocksdb_shim_listener_t {
  std::shared_ptr<Listener> rep;
};

rocksdb_shim_listener_t *rocksdb_shim_listener_create(bool yields) {
  return new rocksdb_shim_listener_t{std::make_shared<Listener>(yields)};
}

void rocksdb_shim_listener_destroy(rocksdb_shim_listener_t *listener) { delete listener; }

void rocksdb_shim_options_add_listener(
    rocksdb_options_t *options, const rocksdb_shim_listener_t *listener) {
  behind(options).listeners.push_back(listener->rep);
  if (listener->rep->yields())
    behind(options).table_properties_collector_factories.push_back(
        std::make_shared<GivingWayFactory>());
}

rocksdb_shim_events rocksdb_shim_listener_events(const rocksdb_shim_listener_t *listener) {
  return listener->rep->events();
}

char *rocksdb_shim_listener_error(const rocksdb_shim_listener_t *listener) {
  const std::string error = listener->rep->error();
  return error.empty() ? nullptr : strdup(error.c_str());
}
