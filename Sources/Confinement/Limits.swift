internal import Linux
internal import SystemPackage

/// How much a serving process may use, and what it may leave behind.
package enum Limits {
  /// The most descriptors of the helper. One request needs a handful, and what is sent isn't kept; but until clients have
  /// received them those of all helpers of a user count together.
  package static let descriptors: UInt = 1024
  /// The most address space of the helper, in bytes: many times what serving takes.
  package static let addressSpace: UInt = 64 << 20

  /// Sets them, for good. The process's memory, guests' file names and values among it, goes to no core file and to no
  /// debugger.
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

  /// Lets files that guests make grow as large as the file system can have them, whatever limit was inherited.
  ///
  /// - Returns: false where the process may not lift it altogether.
  /// - Throws: the step that failed.
  package static func liftFileSize() throws(StageError) -> Bool {
    try stage("lift the limit of file sizes") { () throws(Errno) in try Process.lift(.fileSize) }
  }
}
