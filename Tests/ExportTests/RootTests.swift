import Export
import Glibc
import HelperHarness
import Linux
import SystemPackage
import Testing

/// The directory above a root is nobody's to know.
@Suite struct RootTests {
  @Test func theParentOfTheRootIsTheRoot() throws {
    try withObjects { export, directory in
      mkdir(directory + "/d", 0o755)
      let root = try export.root()
      let below = try export.find("d", in: root)
      let (top, inner) = (try root.status(), try below.status())
      #expect(try inode(above: root, export) == top.inode)
      #expect(try inode(above: below, export) == top.inode)
      #expect(try list(root, export)[".."] == top.inode)
      #expect(try list(below, export)[".."] == top.inode)
      #expect(try list(root, export)["d"] == inner.inode)
      #expect(try export.root(of: 0).status().isSame(as: top))
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try export.root(of: 1) }
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try export.root(of: -1) }
    }
  }

  @Test func theParentOfEachOfSeveralRootsIsItself() throws {
    try withObjects(roots: .several(2), prepare: { make(["0", "1", "2", "1/d"], in: $0) }) { export, directory in
      for index in 0..<2 {
        let root = try export.root(of: index)
        var status = stat()
        #expect(stat("\(directory)/\(index)", &status) == 0)
        let top = UInt64(status.st_ino)
        #expect(try root.status().inode == top)
        #expect(try inode(above: root, export) == top)
        #expect(try list(root, export)[".."] == top)
      }
      let root = try export.root(of: 1)
      let below = try export.find("d", in: root)
      let top = try root.status().inode
      #expect(try inode(above: below, export) == top)
      #expect(try list(below, export)[".."] == top)
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try export.root(of: 2) }
    }
  }

  @Test func aDirectoryThatWasMovedOutHasNoParent() throws {
    let elsewhere = try TemporaryDirectory()
    try withObjects(roots: .several(1), prepare: { make(["0", "0/d"], in: $0) }) { export, directory in
      let below = try export.find("d", in: try export.root(of: 0))
      #expect(rename(directory + "/0/d", elsewhere.path + "/d") == 0)
      #expect(throws: Errno.noSuchFileOrDirectory) { _ = try inode(above: below, export) }
      let own = try below.status().inode
      #expect(try list(below, export)[".."] == own)
    }
  }

  @Test func aListingGoesOnBehindACookie() throws {
    try withObjects { export, directory in
      for number in 0..<200 { mkdir("\(directory)/\(number)", 0o755) }
      let opened = try export.open(try export.root(), flags: .readOnly, isRoot: true).take()
      var cookies: [UInt64] = []
      let all = try list(opened, from: 0, export) { cookies.append($0) }
      #expect(Set(all) == Set((0..<200).map { "\($0)" } + [".", ".."]))
      #expect(try list(opened, from: cookies[100], export) == Array(all[101...]))
      // The end is behind the last.
      #expect(try list(opened, from: nil, export).isEmpty)
      #expect(throws: Errno.invalidArgument) { _ = try list(opened, from: .max, export) }
    }
  }

  private func inode(above directory: borrowing Descriptor, _ export: borrowing Export) throws -> UInt64 {
    var known: RecentFiles? = nil
    return try export.parent(of: directory, known: &known).status().inode
  }

  /// The inodes of a directory's entries.
  private func list(_ directory: borrowing Descriptor, _ export: borrowing Export) throws -> [String: UInt64] {
    let opened = try export.open(directory, flags: .readOnly, isRoot: true).take()
    var buffer = Buffer(capacity: 4096)
    let count = try fill(&buffer, opened, from: 0, export)
    var inodes: [String: UInt64] = [:]
    var entries = KernelEntries(buffer.span(0..<count))
    while let entry = entries.next() { inodes[text(entry.name)] = entry.inode }
    return inodes
  }

  /// The names behind a cookie, read a few at a time.
  private func list(
    _ opened: borrowing Descriptor, from cookie: UInt64?, _ export: borrowing Export, note: (UInt64) -> Void = { _ in }
  ) throws -> [String] {
    var buffer = Buffer(capacity: 500)
    var (names, cookie) = ([String](), cookie)
    while true {
      let count = try fill(&buffer, opened, from: cookie, export)
      if count == 0 { return names }
      cookie = nil
      var entries = KernelEntries(buffer.span(0..<count))
      while let entry = entries.next() {
        names.append(text(entry.name))
        note(entry.cookie)
      }
    }
  }

  private func fill(
    _ buffer: inout Buffer, _ opened: borrowing Descriptor, from cookie: UInt64?, _ export: borrowing Export
  ) throws -> Int {
    var space = buffer.mutableSpan(0..<buffer.capacity)
    return try export.list(opened, from: cookie, into: &space)
  }

  private func text(_ name: Span<UInt8>) -> String { String(decoding: name.indices.map { name[$0] }, as: UTF8.self) }
}

/// Directories that are there before the export is.
private func make(_ names: [String], in directory: String) {
  for name in names { mkdir(directory + "/" + name, 0o755) }
}
