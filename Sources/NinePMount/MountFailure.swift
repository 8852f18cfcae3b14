/// A mount that isn't made, and why.
package struct MountFailure: Error, Equatable {
  /// One line: what is wrong, and what to do about it.
  package let message: String
  /// The exit status, one of `mount(8)`'s.
  package let status: Int32

  /// The words can't be used, or the user may not mount: status 1.
  static func misuse(_ message: String) -> MountFailure { MountFailure(message: message, status: 1) }

  /// The process lacks something, such as memory: status 2.
  static func system(_ message: String) -> MountFailure { MountFailure(message: message, status: 2) }

  /// The mount failed: status 32.
  static func failed(_ message: String) -> MountFailure { MountFailure(message: message, status: 32) }
}
