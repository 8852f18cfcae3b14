import Linux
import SystemPackage
import Testing

@testable import Linux

@Suite struct PathTests {
  /// The pieces of a path of these bytes, as the kernel would be given them.
  private func pieces(_ bytes: [UInt8]) throws -> [String] {
    var path = Path()
    try path.set(bytes.span)
    var pieces: [String] = []
    var offset = 0
    while true {
      pieces.append(String(cString: path.piece(at: offset)))
      if offset >= path.lastPiece { return pieces }
      offset = path.piece(after: offset)
    }
  }

  @Test(arguments: ["", "a", "a//b/", "../.."])
  func shortPathsAreOnePieceAsTheyAre(text: String) throws {
    #expect(try pieces(Array(text.utf8)) == [text])
  }

  @Test func aPathOfPathMaxIsOnePieceOnlyWithoutItsNUL() throws {
    let component = String(repeating: "n", count: 63) + "/"
    let full = String(String(repeating: component, count: 64).dropLast())
    #expect(full.utf8.count == 4095)
    #expect(try pieces(Array(full.utf8)) == [full])
    let longer = try pieces(Array((full + "/x").utf8))
    #expect(longer.count == 2)
    #expect(longer.joined(separator: "/") == full + "/x")
  }

  @Test func theLongestPathIsCutAtSlashesAndLosesNothing() throws {
    let component = String(repeating: "d", count: 254) + "/"
    let text = String(repeating: component, count: 257)
    #expect(text.utf8.count == 65535)
    let pieces = try pieces(Array(text.utf8))
    #expect(pieces.allSatisfy { $0.utf8.count <= 4095 && !$0.hasPrefix("/") })
    #expect(pieces.joined(separator: "/") == text)
  }

  @Test func aTrailingSlashStaysWithItsName() throws {
    let text = String(repeating: "d/", count: 2047) + "n/"
    #expect(text.utf8.count == 4096)
    let pieces = try pieces(Array(text.utf8))
    #expect(pieces.last?.hasSuffix("n/") == true)
    #expect(pieces.joined(separator: "/") == text)
  }

  @Test func runsOfSlashesInALongPathAreOne() throws {
    let text = "a" + String(repeating: "/", count: 60000) + "b"
    #expect(try pieces(Array(text.utf8)) == ["a/b"])
  }

  @Test(arguments: [4095, 4096, 65535])
  func aComponentTooLongForAnyPieceIsRefused(count: Int) throws {
    var path = Path()
    let name = [UInt8](repeating: UInt8(ascii: "n"), count: count)
    if count <= 4095 {
      // The kernel's to refuse.
      try path.set(name.span)
      #expect(path.count == count)
    } else {
      #expect(throws: Errno.fileNameTooLong) { try path.set(name.span) }
      #expect(path.count == 0)
    }
  }

  @Test func aNULIsRefused() {
    var path = Path()
    let bytes: [UInt8] = [97, 0, 98]
    #expect(throws: Errno.invalidArgument) { try path.set(bytes.span) }
  }

  static let rooted: [(text: String, relative: String, isRoot: Bool)] = [
    ("/", ".", true), ("////", ".", true), ("/a", "a", false), ("//a/b", "a/b", false), ("a", "a", false),
    ("", "", false), ("/.", ".", false), ("/..", "..", false),
  ]

  @Test(arguments: rooted)
  func rootedPathsBecomeRelative(text: String, relative: String, isRoot: Bool) throws {
    var path = Path()
    let bytes = Array(text.utf8)
    try path.set(beneathRoot: bytes.span)
    #expect(String(cString: path.piece(at: 0)) == relative)
    #expect(path.isRoot == isRoot)
  }

  @Test func storageIsReusedWithoutTraces() throws {
    var path = Path()
    let long = Array(String(repeating: "dddd/", count: 2000).utf8)
    try path.set(long.span)
    #expect(path.lastPiece > 0)
    let short = Array("x".utf8)
    try path.set(short.span)
    #expect(path.lastPiece == 0)
    #expect(String(cString: path.piece(at: 0)) == "x")
  }
}
