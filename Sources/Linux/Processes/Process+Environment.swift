internal import Glibc

extension Process {
  /// Takes a variable out of the environment, while there is one thread: programs that this one starts don't get it.
  ///
  /// The calls are `getenv` and `unsetenv`.
  /// - Returns: nil where there is none.
  package static func takeVariable(_ name: StaticString) -> HostPath? {
    let name = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    guard let value = unsafe getenv(name) else { return nil }
    unsafe unsetenv(name)
    // What was the environment at the start stays where it is.
    return unsafe HostPath(argument: value)
  }
}
