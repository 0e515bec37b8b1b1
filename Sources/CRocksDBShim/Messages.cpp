#include "Messages.hpp"

#include <fcntl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <vector>

#include "Handles.hpp"

namespace {

// The first warnings, in memory.
class Warnings final : public rocksdb::Logger {
 public:
  Warnings() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using rocksdb::Logger::Logv;

  void Logv(const char *format, va_list arguments) override {
    char line[1024];
    const int count = vsnprintf(line, sizeof line, format, arguments);
    if (count < 0) return;
    std::lock_guard<std::mutex> guard(mutex_);
    if (text_.size() >= byte_limit) return;
    text_.append(line, std::min(static_cast<size_t>(count), sizeof line - 1));
    text_ += '\n';
  }

  std::string text() const {
    std::lock_guard<std::mutex> guard(mutex_);
    return text_;
  }

 protected:
  rocksdb::Status CloseImpl() override { return rocksdb::Status::OK(); }

 private:
  static constexpr size_t byte_limit = 1 << 16;
  mutable std::mutex mutex_;
  std::string text_;
};

class Messages final : public rocksdb::Logger {
 public:
  explicit Messages(int file) : file_(file) {}

  ~Messages() override { close(file_); }

  using rocksdb::Logger::Logv;

  void Logv(const char *format, va_list arguments) override {
    std::vector<char> line(512);
    const size_t head = writeTime(line);
    va_list again;
    va_copy(again, arguments);
    const int count = vsnprintf(line.data() + head, line.size() - head, format, arguments);
    if (count >= 0 && head + static_cast<size_t>(count) + 1 > line.size()) {
      line.resize(head + static_cast<size_t>(count) + 2);
      vsnprintf(line.data() + head, line.size() - head, format, again);
    }
    va_end(again);
    if (count < 0) return;
    size_t end = head + static_cast<size_t>(count);
    if (line[end - 1] != '\n') line[end++] = '\n';
    const ssize_t written = write(file_, line.data(), end);
    if (written > 0) size_ += static_cast<size_t>(written);
  }

  size_t GetLogFileSize() const override { return size_; }

 protected:
  rocksdb::Status CloseImpl() override { return rocksdb::Status::OK(); }

 private:
  static size_t writeTime(std::vector<char> &line) {
    timeval now;
    gettimeofday(&now, nullptr);
    tm parts;
    localtime_r(&now.tv_sec, &parts);
    const int count = snprintf(
        line.data(), line.size(), "%04d/%02d/%02d-%02d:%02d:%02d.%06ld ", parts.tm_year + 1900,
        parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
        static_cast<long>(now.tv_usec));
    return static_cast<size_t>(std::max(0, count));
  }

  const int file_;
  std::atomic<size_t> size_{0};
};

}  // namespace

std::shared_ptr<rocksdb::Logger> makeMessages(const std::string &path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  return file < 0 ? nullptr : std::make_shared<Messages>(file);
}

void rocksdb_shim_options_keep_warnings(rocksdb_options_t *options) {
  behind(options).info_log = std::make_shared<Warnings>();
}

char *rocksdb_shim_options_warnings(const rocksdb_options_t *options) {
  const auto *warnings = dynamic_cast<const Warnings *>(behind(options).info_log.get());
  return warnings == nullptr ? nullptr : strdup(warnings->text().c_str());
}
