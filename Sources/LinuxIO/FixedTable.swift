/// Values that never change, to be looked at without counting references.
///
/// Taking a reference to an object is an atomic addition to a number that all threads share: where
/// each comes by millions of times a second, they wait for one another there.
public final class FixedTable<Element: BitwiseCopyable & Sendable>: Sendable {
  /// The values; the table must outlive it.
  public let view: View

  /// A table of these values.
  public init(_ elements: [Element]) {
    let start = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
    for (index, element) in elements.enumerated() { (start + index).initialize(to: element) }
    view = View(start: UnsafePointer(start), count: elements.count)
  }

  deinit { view.start.deallocate() }

  /// What is in the table.
  public struct View: @unchecked Sendable, BitwiseCopyable {
    @usableFromInline let start: UnsafePointer<Element>
    /// How many values there are.
    public let count: Int

    init(start: UnsafePointer<Element>, count: Int) {
      self.start = start
      self.count = count
    }

    /// A value; bounds are checked in debug builds only.
    @inlinable @inline(__always)
    public subscript(index: Int) -> Element {
      assert(index >= 0 && index < count)
      return start[index]
    }
  }
}
