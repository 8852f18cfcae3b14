import CLinux
import Glibc
import HelperHarness
import NinePHarness

/// What a client knows of a file that nobody else changes.
final class SoakModel {
  enum Kind { case file, directory, link }

  let kind: Kind
  var mode: UInt32
  var content: [UInt8] = []
  /// A link's target.
  let target: String
  var attributes: [String: [UInt8]] = [:]
  private(set) var children: [String: SoakModel] = [:]
  private weak var parent: SoakModel?
  /// Names that it has.
  private(set) var links = 1

  init(_ kind: Kind, mode: UInt32 = 0o777, target: String = "") {
    (self.kind, self.mode, self.target) = (kind, mode, target)
  }

  var isDirectory: Bool { kind == .directory }
  /// Whether something can be made in it.
  var takesNames: Bool { isDirectory && links > 0 }

  /// As `stat` counts.
  var linkCount: Int {
    guard isDirectory, links > 0 else { return links }
    return 2 + children.values.count { $0.isDirectory }
  }

  func add(_ child: SoakModel, _ name: String) {
    children[name] = child
    if child.isDirectory { child.parent = self }
  }

  func link(_ child: SoakModel, _ name: String) {
    child.links += 1
    add(child, name)
  }

  func remove(_ name: String) {
    children.removeValue(forKey: name)?.links -= 1
  }

  private func isBelow(_ other: SoakModel) -> Bool {
    self === other || parent?.isBelow(other) == true
  }

  /// Whether a name of this directory may become one of another's.
  func mayRename(_ old: String, to other: SoakModel, _ new: String) -> Bool {
    guard takesNames, other.takesNames, let child = children[old] else { return false }
    if child.isDirectory, other.isBelow(child) { return false }
    guard let replaced = other.children[new], replaced !== child else { return true }
    return replaced.isDirectory ? child.isDirectory && replaced.children.isEmpty : !child.isDirectory
  }

  func rename(_ old: String, to other: SoakModel, _ new: String) {
    // Two names of one file stay both.
    guard let child = children[old], other.children[new] !== child else { return }
    other.remove(new)
    children.removeValue(forKey: old)
    other.add(child, new)
  }

  /// How what is on the host differs from this.
  func differences(from path: String) throws -> [String] {
    var status = stat()
    guard lstat(path, &status) == 0 else { return ["\(path): errno \(errno)"] }
    var differences: [String] = []
    func expect<Value: Equatable>(_ value: Value, _ expected: Value, _ what: String) {
      if value != expected { differences.append("\(path): \(what) \(value), not \(expected)") }
    }
    expect(Int(status.st_nlink), linkCount, "links")
    switch kind {
    case .link:
      var bytes = [CChar](repeating: 0, count: 5000)
      let count = readlink(path, &bytes, bytes.count - 1)
      expect(
        String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self), target, "target")
      return differences
    case .file:
      expect(status.st_mode, 0o100000 | mode, "mode")
      let file = open(path, O_RDONLY | O_CLOEXEC)
      defer { close(file) }
      var bytes = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(file, &bytes, bytes.count)
      expect(bytes.prefix(max(0, count)).elementsEqual(content), true, "content as known:")
    case .directory:
      expect(status.st_mode, 0o40000 | mode, "mode")
      expect(try FileList.names(path), children.keys.sorted(), "names")
      for (name, child) in children { differences += try child.differences(from: path + "/" + name) }
    }
    for (name, value) in attributes {
      var bytes = [UInt8](repeating: 0, count: 1024)
      let count = getxattr(path, name, &bytes, bytes.count)
      expect(Array(bytes.prefix(max(0, count))), value, name)
    }
    expect(Int(listxattr(path, nil, 0)), attributes.keys.reduce(0) { $0 + $1.utf8.count + 1 }, "attributes' names")
    return differences
  }
}
