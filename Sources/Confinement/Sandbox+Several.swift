package import Linux
import SystemPackage

// One sandbox around several exports.
extension Sandbox {
  /// Enters ``namespace`` for several exports: the root directory, which is read-only, has a directory for each, named by the
  /// index in decimal digits, and nothing else.
  ///
  /// - Parameters:
  ///   - exports: directories.
  ///   - paths: the paths of these.
  ///   - readOnly: true for read-only mounts.
  ///   - identities: the translation of ids by the mounts.
  ///   - keep: called when the process may mount and still sees the host's mounts.
  /// - Throws: the step that failed. The process should end then.
  package static func enter(
    _ exports: borrowing OwnedArray<Descriptor>, at paths: [HostPath], readOnly: Bool,
    identities: borrowing Identities, keep: () throws(StageError) -> Void
  ) throws(StageError) {
    var kernelMounts = OwnedArray<KernelMounts?>()
    for index in 0..<exports.count { kernelMounts.append(try Self.kernelMounts(below: exports[index])) }
    try enterNamespaces()
    try keep()
    var mounts = OwnedArray<Descriptor>()
    for (index, path) in paths.enumerated() {
      // Earlier descriptors lead to the host's mounts, which can't be cloned any more.
      let mount = try stage("open_tree \"\(path)\"") { () throws(Errno) in
        let mount = try Mount.clone(path)
        guard try mount.status().isSame(as: exports[index].status()) else { throw .noSuchFileOrDirectory }
        return mount
      }
      try finish(mount, readOnly: readOnly, identities: identities)
      mounts.append(mount)
    }
    let root = try stage("make a root directory") { () throws(Errno) in
      // It is attached anywhere but at the root.
      try Descriptor.directory(paths[0].bytes).becomeWorkingDirectory()
      return try Mount.makeEmpty()
    }
    try stage("move_mount the root directory") { () throws(Errno) in try Mount.enter(root) }
    var name = Path()
    for index in 0..<mounts.count {
      try stage("move_mount \"\(paths[index])\"") { () throws(Errno) in
        try name.set(number: index)
        try root.mkdir(name, mode: 0o755)
        try Mount.put(mounts[index], upon: name)
        try mounts[index].becomeWorkingDirectory()
      }
      try detach(kernelMounts[index])
      try stage("go back to the root directory") { () throws(Errno) in try root.becomeWorkingDirectory() }
    }
    try stage("make the root directory read-only") { () throws(Errno) in try Mount.setReadOnly(root) }
    _ = try stage("pivot_root") { () throws(Errno) in try Mount.pivotRootToWorkingDirectory() }
  }
}
