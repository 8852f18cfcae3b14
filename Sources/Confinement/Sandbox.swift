package import Linux
internal import SystemPackage

/// The way that files outside the export are put out of reach.
package enum Sandbox: Sendable {
  /// The export is the only mount in the process's own mount namespace. No descriptor leads outside: `..` of the root is the
  /// root itself.
  case namespace
  /// The export is the process's root directory. A directory's descriptor leads outside in another process.
  case chroot
  /// There is no sandbox: paths lead wherever the process may go.
  case absent

  /// The name on the command line and in the log.
  package var name: StaticString {
    switch self {
    case .namespace: "namespace"
    case .chroot: "chroot"
    case .absent: "none"
    }
  }

  /// The capability that entering it takes.
  package var needed: Capabilities {
    switch self {
    case .namespace: .sysAdmin
    case .chroot: .sysChroot
    case .absent: .none
    }
  }

  /// Enters the sandbox: the export becomes the root and working directory.
  ///
  /// - Parameters:
  ///   - export: a directory.
  ///   - readOnly: true for a read-only mount, in `namespace`.
  ///   - identities: a mount that translates ids needs `namespace`.
  ///   - keep: called when the process may mount and still sees the host's mounts.
  /// - Returns: where paths start from then on.
  /// - Throws: the step that failed. The process keeps its root then, or should end.
  @discardableResult
  package func enter(
    _ export: borrowing Descriptor, readOnly: Bool, identities: borrowing Identities,
    keep: () throws(StageError) -> Void = { () throws(StageError) in }
  ) throws(StageError) -> PathRoot {
    // The directory that was checked: its path may name another by now.
    try stage("chdir to the export") { () throws(Errno) in try export.becomeWorkingDirectory() }
    switch self {
    case .namespace:
      let kernelMounts = try Self.kernelMounts(below: export)
      // Of the directories that a process holds, only its root and working directory move to the new namespace.
      try Self.enterNamespaces()
      try keep()
      // A root must be a mount. This one is set up before anything can be reached through it.
      let mount = try stage("open_tree the export") { () throws(Errno) in try Mount.clone() }
      try Self.finish(mount, readOnly: readOnly, identities: identities)
      try stage("move_mount the export") { () throws(Errno) in try Mount.enter(mount) }
      try Self.detach(kernelMounts)
      return try stage("pivot_root to the export") { () throws(Errno) in try Mount.pivotRootToWorkingDirectory() }
    case .chroot:
      return try stage("chroot to the export") { () throws(Errno) in try Mount.changeRootToWorkingDirectory() }
    case .absent: return .unconfined
    }
  }

  static func enterNamespaces() throws(StageError) {
    try stage("unshare namespaces") { () throws(Errno) in try Mount.unshareNamespaces() }
    try stage("make mounts follow the host's") { () throws(Errno) in try Mount.followHost() }
  }

  /// Sets up an export's mount, which isn't attached yet.
  static func finish(
    _ mount: borrowing Descriptor, readOnly: Bool, identities: borrowing Identities
  ) throws(StageError) {
    switch identities.translation {
    case .some(let translation):
      try stage("map the ids of the export's mount") { () throws(Errno) in
        try Mount.mapIdentities(of: mount, by: translation)
      }
    case .none: break
    }
    try stage("set nosuid, nodev and noexec") { () throws(Errno) in try Mount.setInert(mount, readOnly: readOnly) }
  }

  static func detach(_ kernelMounts: borrowing KernelMounts?) throws(StageError) {
    try stage("detach what isn't of plain files") { () throws(Errno) in
      try kernelMounts?.detach { path, kind in
        var line = LogLine("left out, as ")
        line.add(kind)
        line.add(" isn't a file system of plain files: ")
        line.add(path.bytes)
        Log.write(.notice, line)
      }
    }
  }

  /// - Returns: nil without `/proc`.
  static func kernelMounts(below export: borrowing Descriptor) throws(StageError) -> KernelMounts? {
    do throws(Errno) {
      return try KernelMounts(below: export)
    } catch .noSuchFileOrDirectory {
      return nil
    } catch {
      throw StageError(stage: "read the table of mounts", error: error)
    }
  }
}
