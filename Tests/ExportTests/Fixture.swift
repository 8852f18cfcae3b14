import Export
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

/// Calls `body` with an export of a fresh directory, on a thread whose working directory that is.
func withExport(_ body: @escaping @Sendable (borrowing PathExport) throws -> Void) throws {
  let directory = try TemporaryDirectory()
  try onOwnThread(in: directory.path) {
    umask(0)
    let export = try PathExport(.unconfined)
    try body(export)
  }
}

/// Calls `body` with an export of the objects in a fresh directory, on a thread of its own. The directory's path is absolute.
func withObjects(
  readOnly: Bool = false, roots: ExportTree.Roots = .one,
  prepare: @escaping @Sendable (_ directory: String) -> Void = { _ in },
  _ body: @escaping @Sendable (borrowing Export, _ directory: String) throws -> Void
) throws {
  let directory = try TemporaryDirectory()
  try onOwnThread(in: directory.path) {
    umask(0)
    prepare(directory.path)
    let tree = try ExportTree(try Descriptor.workingDirectory(), roots: roots, boundary: .checked)
    let links = try DescriptorLinks.inPlace().enter()
    let export = try Export(tree, links: links, readOnly: readOnly)
    try body(export, directory.path)
  }
}

/// A path of this text.
func path(_ text: String) throws(Errno) -> Path {
  var path = Path()
  let bytes = Array(text.utf8)
  try path.set(bytes.span)
  return path
}

/// The test's own user, as whom every user can make things.
func myself() throws(Errno) -> Identity {
  try Identity(uid: geteuid(), gid: getegid())
}

/// A file of this text in the export, made behind its back.
func write(_ text: String, to name: String) {
  let file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  _ = write(file, text, text.utf8.count)
  close(file)
}

/// What a descriptor reads from its start.
func contents(_ file: borrowing Descriptor) -> String {
  var buffer = [UInt8](repeating: 0, count: 4096)
  let count = pread(file.rawValue, &buffer, buffer.count, 0)
  return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
}
