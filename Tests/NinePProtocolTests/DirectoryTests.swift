import NinePProtocol
import Testing
import Wire

@Suite struct DirectoryTests {
  @_lifetime(copy name)
  private func entry(_ index: UInt64, _ name: Span<UInt8>) -> DirectoryEntry {
    DirectoryEntry(qid: Qid(kind: .file, version: 0, path: index), cookie: index + 1, kind: .regular, name: name)
  }

  @Test func entriesAreReadAsPacked() throws {
    var buffer = [UInt8](repeating: 0xaa, count: 4096)
    var span = buffer.mutableSpan
    var packer = DirectoryPacker(limit: 4000)
    let names = [".", "..", "a", "\u{e4}\n", String(repeating: "x", count: 255)]
    for (index, name) in names.enumerated() {
      #expect(packer.append(entry(UInt64(index), name.utf8.span), to: &span))
    }
    let lengths = names.map(\.utf8.count)
    #expect(packer.count == 24 * names.count + lengths.reduce(0, +))

    var entries = DirectoryEntries(buffer.span.extracting(Frame.dataOffset..<Frame.dataOffset + packer.count))
    for (index, name) in names.enumerated() {
      let entry = try entries.next()
      guard let entry else {
        Issue.record("no entry \(index)")
        return
      }
      #expect(text(entry.name) == name)
      #expect(entry.qid.path == UInt64(index))
      #expect(entry.cookie == UInt64(index) + 1)
      #expect(entry.kind == .regular)
    }
    let last = try entries.next() == nil
    #expect(last)
  }

  /// Whole entries only, in whatever room there is.
  @Test(arguments: 0..<80)
  func noEntryIsCut(limit: Int) throws {
    let name = "abc"
    for (limit, room) in [(limit, 4096), (4096, Frame.dataOffset + limit)] {
      var buffer = [UInt8](repeating: 0xaa, count: room)
      var span = buffer.mutableSpan
      var packer = DirectoryPacker(limit: limit)
      var packed = 0
      while packer.append(entry(UInt64(packed), name.utf8.span), to: &span) { packed += 1 }
      let fitting = min(limit, room - Frame.dataOffset) / 27
      #expect(packed == fitting)
      #expect(packer.count == 27 * fitting)
      // A shorter name may fit where a longer one didn't, and behind what is there.
      let single = "a"
      let more = packer.append(entry(9, single.utf8.span), to: &span)
      #expect(more == (min(limit, room - Frame.dataOffset) % 27 >= 25))
      #expect(buffer.dropFirst(Frame.dataOffset + packer.count).allSatisfy { $0 == 0xaa })
    }
  }

  @Test func roomOfLessThanNothingIsNone() {
    var buffer = [UInt8](repeating: 0xaa, count: 5)
    var span = buffer.mutableSpan
    var packer = DirectoryPacker(limit: 4096)
    let name = "a"
    let fits = packer.append(entry(0, name.utf8.span), to: &span)
    #expect(!fits && packer.count == 0)
    var negative = DirectoryPacker(limit: .min)
    let negativeFits = negative.append(entry(0, name.utf8.span), to: &span)
    #expect(!negativeFits)
  }

  @Test func aNameThatIsTooLongIsNotPacked() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    var span = buffer.mutableSpan
    var packer = DirectoryPacker(limit: 4000)
    let long = [UInt8](repeating: 0x61, count: 256)
    let fits = packer.append(entry(0, long.span), to: &span)
    #expect(!fits)
  }

  private static let one = hex("00 00000000 0200000000000000 0100000000000000 08 0300 616263")

  @Test(arguments: 1..<27)
  func aCutEntryIsRefused(count: Int) {
    let cut = Self.one + Self.one.prefix(count)
    #expect(throws: Malformed.truncated) {
      var entries = DirectoryEntries(cut.span)
      _ = try entries.next()
      _ = try entries.next()
    }
  }

  @Test(arguments: ["", "a/b", "/", "a\0b", String(repeating: "x", count: 256)])
  func aNameThatIsNoneIsRefused(_ name: String) {
    let data = Body(bytes: Array(Self.one.prefix(22))).s(name).bytes
    #expect(throws: Malformed.self) {
      var entries = DirectoryEntries(data.span)
      _ = try entries.next()
    }
  }
}
