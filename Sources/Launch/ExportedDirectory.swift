package import Linux

/// A directory to export, and the name by which clients attach to it.
package struct ExportedDirectory: Sendable {
  package let name: HostPath
  package let path: HostPath

  package init(name: HostPath, path: HostPath) {
    self.name = name
    self.path = path
  }
}
