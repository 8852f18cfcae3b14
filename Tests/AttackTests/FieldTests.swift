import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// Names and paths that aren't any, in each field of each request.
  @Suite struct FieldTests {
    private static let path = Array("/file".utf8)

    /// Requests that would all succeed, or fail for their object's sake.
    private static let wellFormed =
      Requests.all(path, other: Array("/other".utf8), existing: Array("/existing".utf8))

    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      for name in ["file", "existing", "a"] { try place.makeFile(place.export + "/" + name) }
      try place.make(place.export + "/directory")
      return place
    }

    /// Each request once for each of its strings, which `replace` makes another; the value of an attribute isn't a name.
    private static func replaced(_ replace: ([UInt8]) -> [UInt8]) -> [Message] {
      wellFormed.flatMap { message in
        message.fields.indices.compactMap { index -> Message? in
          guard case .s(let field) = message.fields[index], !(message.type == .setAttribute && index == 2) else {
            return nil
          }
          return message.replacing(index, by: .s(replace(field)))
        }
      }
    }

    /// Whatever the client says, the export stays as it is.
    private func expect(
      _ messages: [Message], answered known: (Message) -> [Int32], _ start: Start
    ) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      let before = Tree(place.export).lines
      #expect(messages.count > 20)
      for message in messages {
        let answer = try peer.ask(message)
        // Users that aren't there come first.
        let isNobody = answer.errno == EOVERFLOW && !place.hasOthers
        #expect(known(message).contains(answer.errno) || isNobody, "\(message): \(answer)")
      }
      #expect(Tree(place.export).lines == before)
      #expect(place.damage() == nil)
      #expect(try peer.isWell())
    }

    @Test(arguments: Start.all)
    func aNULWithinIsRefused(start: Start) throws {
      let messages =
        Self.replaced { $0 + [0] + Array("x".utf8) } + Self.replaced { [0] + $0 }
        // One at the end belongs there, two don't.
        + Self.replaced { $0 + [0, 0] } + Self.replaced { _ in [0, 0] }
        + Self.replaced { $0 + [0] + Array("/../../outside/x".utf8) }
      try expect(messages, answered: { _ in [EINVAL] }, start)
    }

    @Test(arguments: Start.all)
    func anEmptyOneIsNoFile(start: Start) throws {
      // The kernel has ERANGE for an empty attribute's name.
      try expect(
        Self.replaced { _ in [] } + Self.replaced { _ in [0] },
        answered: { message in
          message.type == .getAttribute || message.type == .setAttribute || message.type == .removeAttribute
            ? [ENOENT, ERANGE] : [ENOENT]
        }, start)
    }

    @Test(arguments: Start.all)
    func oneThatIsTooLongIsRefused(start: Start) throws {
      let lengths = [256, 4096, 4097, 30_000, 65_000]
      let messages = lengths.flatMap { length in
        Self.replaced { [$0.first ?? 0x78] + [UInt8](repeating: UInt8(ascii: "n"), count: length) }
      }
      // A link's target may be longer than a name, but not than a path.
      let kept = messages.filter {
        guard $0.type == .makeSymbolicLink, case .s(let target) = $0.fields[2] else { return true }
        return !(256..<4096).contains(target.count)
      }
      // The kernel has ERANGE for an attribute's name, and ENOBUFS is for frames that can't be.
      try expect(
        kept.filter { $0.payload.count <= Frame.maximumPayload },
        answered: { message in
          message.type == .getAttribute || message.type == .setAttribute || message.type == .removeAttribute
            ? [ENAMETOOLONG, ERANGE] : [ENAMETOOLONG]
        }, start)
    }

    /// A string that claims more bytes than there are, by one or by all that its length can say.
    @Test(arguments: Start.all)
    func oneThatIsLongerThanItsRequestIsRefused(start: Start) throws {
      var messages: [Message] = []
      for message in Self.wellFormed {
        var offset = 0
        for (index, field) in message.fields.enumerated() {
          guard case .s(let bytes) = field else {
            offset += Message(message.type, field).payload.count
            continue
          }
          let payload = message.payload
          let behind = payload.count - offset - 2
          for length in [behind + 1, behind + 255, 0x7fff, 0x8000, 0xfffe, 0xffff] {
            messages.append(message.replacing(index, by: .lie(UInt16(length), bytes)))
          }
          offset += 2 + bytes.count
        }
      }
      try expect(messages, answered: { _ in [ENOBUFS] }, start)
    }

    /// Requests that end early, anywhere, or have a surplus.
    @Test(arguments: Start.all)
    func whatIsCutOrFollowedByMoreIsRefused(start: Start) throws {
      let cut = Self.wellFormed.flatMap { message in (0..<message.payload.count).map { message.cut(to: $0) } }
      let surplus = Self.wellFormed.flatMap { message in
        [1, 2, 8, 4000].map { message.followed(by: .init(repeating: 0, count: $0)) }
      }
      try expect(cut + surplus, answered: { [$0.cut == nil ? EINVAL : ENOBUFS] }, start)
    }

    /// Names are bytes: none of these is special to anybody.
    @Test(arguments: Start.all)
    func everyOtherNameIsOne(start: Start) throws {
      let place = try Place(start)
      let peer = try place.serve()
      let names: [[UInt8]] = [
        [0xff, 0xfe], Array("new\nline".utf8), [0x1b] + Array("[2J".utf8), [UInt8](repeating: 0x6e, count: 255),
        [UInt8](repeating: 0xff, count: 255), Array("...".utf8), Array(" ".utf8), Array("-rf".utf8), [0xc0, 0xaf],
        Array("%s%n".utf8), [0x7f], [0x01], Array("..\\..".utf8), Array(".. ".utf8), Array("*".utf8),
      ]
      for name in names {
        let (path, other) = ([0x2f] + name, Array("/directory/".utf8) + name)
        let root = Message.Field.d(0)
        let all: [Message] = [
          .makeDirectory("/directory"), Message(.create, .s(path), .d(UInt32(O_CREAT | O_RDWR)), .d(0o644), root, root),
          Message(.status, .s(path)), Message(.link, .s(path), .s(other)),
          Message(.rename, .s(other), .s(other + [0x78].prefix(255 - name.count))),
        ]
        for message in all { #expect(try peer.errno(message) == 0, "\(message)") }
        let found = Tree.names(in: place.export + "/directory")
        #expect(found == [(name + [0x78].prefix(255 - name.count)).readable])
        #expect(try peer.errno(Message(.remove, .s(other + [0x78].prefix(255 - name.count)))) == 0)
        #expect(try peer.errno(Message(.makeSymbolicLink, root, root, .s(name), .s(other))) == 0)
        guard case .frame(0, let target) = try peer.ask(Message(.readLink, .s(other), .d(4096))) else {
          Issue.record("no target of \(other.readable)")
          continue
        }
        #expect(Array(target.dropFirst(2)) == name)
        for made in [path, other, Array("/directory".utf8)] { #expect(try peer.errno(Message(.remove, .s(made))) == 0) }
      }
      #expect(try peer.isWell())
    }
  }
}
