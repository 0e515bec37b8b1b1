public import CThreadNumber

/// Small numbers of threads.
public enum ThreadNumber {
  /// A number that no other living thread has, from 0 on; all threads beyond
  /// ``ThreadCounts/threadsMax`` share the last one.
  @inlinable @inline(__always)
  public static var current: Int { Int(thread_number()) }

  /// The numbers that threads had so far lie below this; the one that is shared does not count.
  static var givenCount: Int { Int(thread_numbers_given()) }
}
