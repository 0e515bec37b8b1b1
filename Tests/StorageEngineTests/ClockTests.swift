import Foundation
import StorageEngine
import StoreWriter
import Testing

@Suite("A clock that jumps")
struct ClockTests {
  /// Takes the place of the calls that tell the time of day, and jumps about by up to a day.
  private static let source = """
    #include <sys/syscall.h>
    #include <sys/time.h>
    #include <time.h>
    #include <unistd.h>
    static long jump(void) {
      static unsigned count;
      unsigned step = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) / 64;
      return (long)(step * 2654435761u % 172800u) - 86400;
    }
    int clock_gettime(clockid_t clock, struct timespec *time) {
      long result = syscall(SYS_clock_gettime, clock, time);
      if (clock == CLOCK_REALTIME) time->tv_sec += jump();
      return (int)result;
    }
    int gettimeofday(struct timeval *time, void *zone) {
      struct timespec now;
      (void)zone;
      clock_gettime(CLOCK_REALTIME, &now);
      time->tv_sec = now.tv_sec;
      time->tv_usec = now.tv_nsec / 1000;
      return 0;
    }
    time_t time(time_t *place) {
      struct timespec now;
      clock_gettime(CLOCK_REALTIME, &now);
      if (place) *place = now.tv_sec;
      return now.tv_sec;
    }

    """

  private static let compiler = ["/usr/bin/gcc", "/usr/bin/cc", "/usr/bin/clang"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(
    "neither stops writers nor makes versions go back",
    .enabled(
      if: WriterProcess.binary != nil && compiler != nil, "no StoreWriter, or no C compiler"),
    arguments: ["sync", "grouped", "async"])
  func jumps(mode: String) throws {
    let fixture = try StoreFixture()
    try fixture.create().close()
    let library = fixture.folder + "/jump.so"
    try Data(Self.source.utf8).write(to: URL(filePath: fixture.folder + "/jump.c"))
    let process = Process()
    process.executableURL = URL(filePath: Self.compiler ?? "")
    process.arguments = ["-shared", "-fPIC", "-O1", "-o", library, fixture.folder + "/jump.c"]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    var next = 0
    for _ in 0..<2 {
      let writer = try WriterProcess(
        store: fixture.path, mode: mode, from: next, moving: true, output: fixture.folder + "/out",
        under: ["env", "LD_PRELOAD=\(library)"])
      writer.waitUntilOpen()
      // Enough for flushes and moves, on a slow machine as well.
      let deadline = Date().addingTimeInterval(60)
      let wanted = next + 1500
      while Date() < deadline,
        WriterProcess.acknowledged(in: writer.output).last?.number ?? 0 < wanted
      {
        usleep(20_000)
      }
      writer.kill()
      #expect(writer.output.filter { $0.hasPrefix("error") } == [])
      let lines = WriterProcess.acknowledged(in: writer.output)
      #expect(lines.last?.number ?? 0 >= wanted, "writers stood still")
      #expect(zip(lines, lines.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
      let store = try fixture.open()
      let found = try WriterProcess.check(store, "\(mode)")
      #expect(found >= lines.last?.number ?? 0)
      next = found + 1
      try store.close()
    }
  }
}
