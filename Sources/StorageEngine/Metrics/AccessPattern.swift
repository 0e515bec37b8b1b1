/// How a client, which is a thread, goes through a store, by what it asked for of late.
///
/// ``StoreStatistics/clientPatterns`` and a metric tell how many go by each. What a pattern is told by is what the
/// store goes by itself: which keys it reads ahead, what it learns, and what leaves a tier that is too full.
public enum AccessPattern: String, Sendable, CaseIterable {
  /// One key at a time, here and there, and changes as well. What came after a key before is read ahead of it.
  case random
  /// Keys in their order, by scans, or one after the other, which only a store that prefetches notices. What lies
  /// behind them is read ahead.
  case sequential
  /// Many keys at once, by multi-gets or batches. They are read side by side, and nothing is learnt of their order.
  case batch
  /// One key at a time, and hardly ever a change. Of keys that are used about alike those that are rarely written
  /// leave a tier that is too full first: others would be back in it with their next change.
  case rareWrite = "rare_write"
}
