import Glibc

/// The command line as the kernel handed it over.
public enum ProcessArguments {
  /// The first argument that is not UTF-8, for people; nil where all are.
  ///
  /// Swift repairs such arguments, so that two different ones may become the same.
  public static var firstUnreadable: (position: Int, text: String)? {
    for position in 1..<max(1, Int(CommandLine.argc)) {
      guard let argument = CommandLine.unsafeArgv[position] else { continue }
      let bytes = Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
      guard String(validating: bytes, as: UTF8.self) == nil else { continue }
      return (position, FileSystemPath(bytes: bytes).description)
    }
    return nil
  }
}
