internal import Linux
internal import SystemPackage

/// The resource limits of a serving process.
package enum Limits {
  /// The most descriptors of the helper. A request needs a handful, and those that are sent aren't kept; but until clients
  /// receive them, the kernel counts those of all helpers of a user together.
  package static let descriptors: UInt = 1024
  /// The most address space of the helper, in bytes: many times what serving takes.
  package static let addressSpace: UInt = 64 << 20

  /// Sets the limits, irrevocably. No core file and no debugger gets the process's memory, which holds guests' file names and
  /// values.
  ///
  /// - Throws: the step that failed.
  package static func apply(
    descriptors: UInt = descriptors, addressSpace: UInt = addressSpace
  ) throws(StageError) {
    try stage("limit descriptors") { () throws(Errno) in
      try Process.setLimit(.descriptors, to: descriptors)
    }
    try stage("limit address space") { () throws(Errno) in
      try Process.setLimit(.addressSpace, to: addressSpace)
    }
    try stage("forbid core files") { () throws(Errno) in try Process.setLimit(.coreFile, to: 0) }
    try stage("forbid dumps") { () throws(Errno) in try Process.forbidDumps() }
  }

  /// Lifts the inherited limit of file sizes, so that guests' files can grow as far as the file system allows.
  ///
  /// - Returns: false if the process may not lift it entirely.
  /// - Throws: the step that failed.
  package static func liftFileSize() throws(StageError) -> Bool {
    try stage("lift the limit of file sizes") { () throws(Errno) in try Process.lift(.fileSize) }
  }
}
