internal import Glibc

extension Process {
  /// Removes a variable from the environment, so that child processes don't inherit it. Call it while there is one thread.
  ///
  /// The calls are `getenv` and `unsetenv`.
  /// - Returns: its value; nil if it isn't set.
  package static func takeVariable(_ name: StaticString) -> HostPath? {
    let name = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    guard let value = unsafe getenv(name) else { return nil }
    unsafe unsetenv(name)
    // The memory of the initial environment isn't freed.
    return unsafe HostPath(argument: value)
  }
}
