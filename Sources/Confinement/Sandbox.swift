package import Linux
internal import SystemPackage

/// How the file tree beyond the export is put out of reach.
package enum Sandbox: Sendable {
  /// The export is the only mount in a mount namespace of the process's own. Nothing leads outside, whoever holds a
  /// descriptor of the export: `..` of its root is the root itself.
  case namespace
  /// The export is the process's root directory. A directory descriptor passed to another process is a way outside.
  case chroot
  /// There is none: paths lead wherever the process may go.
  case absent

  /// As the command line and the log call it.
  package var name: StaticString {
    switch self {
    case .namespace: "namespace"
    case .chroot: "chroot"
    case .absent: "none"
    }
  }

  /// The capability that closing it takes.
  package var needed: Capabilities {
    switch self {
    case .namespace: .sysAdmin
    case .chroot: .sysChroot
    case .absent: .none
    }
  }

  /// Closes the sandbox around the process and makes the export its root and working directory.
  ///
  /// - Parameters:
  ///   - export: a directory.
  ///   - readOnly: whether nothing in it may be changed, which `namespace` has the kernel see to.
  ///   - identities: a mount that translates ids needs `namespace`.
  ///   - keep: called once the process may mount, and while it still sees the host's mounts.
  /// - Throws: the step that failed. The process keeps its root then, or should end.
  package func enter(
    _ export: borrowing Descriptor, readOnly: Bool, identities: borrowing Identities,
    keep: () throws(StageError) -> Void = { () throws(StageError) in }
  ) throws(StageError) {
    // The directory that was checked, not what its path may name by now.
    try stage("chdir to the export") { () throws(Errno) in try export.becomeWorkingDirectory() }
    switch self {
    case .namespace:
      let kernelMounts = try Self.kernelMounts(below: export)
      // Of all that a process keeps, only its root and working directory move to the new namespace.
      try Self.enterNamespaces()
      try keep()
      // A root must be a mount. This one is finished before anything can be reached through it.
      let mount = try stage("open_tree the export") { () throws(Errno) in try Mount.clone() }
      try Self.finish(mount, readOnly: readOnly, identities: identities)
      try stage("move_mount the export") { () throws(Errno) in try Mount.enter(mount) }
      try Self.detach(kernelMounts)
      try stage("pivot_root to the export") { () throws(Errno) in try Mount.pivotRootToWorkingDirectory() }
    case .chroot:
      try stage("chroot to the export") { () throws(Errno) in try Mount.changeRootToWorkingDirectory() }
    case .absent: break
    }
  }

  static func enterNamespaces() throws(StageError) {
    try stage("unshare namespaces") { () throws(Errno) in try Mount.unshareNamespaces() }
    try stage("make mounts follow the host's") { () throws(Errno) in try Mount.followHost() }
  }

  /// Makes an export's mount, which has no place yet, what is served.
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

  /// - Returns: nil where there is no `/proc` that would tell.
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
