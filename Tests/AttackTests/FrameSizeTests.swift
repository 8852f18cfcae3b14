import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// Headers that lie: nothing after one can be told apart, so nothing after one may be done.
  @Suite struct FrameSizeTests {
    private static func header(_ type: UInt32, _ size: UInt32) -> [UInt8] {
      var bytes: [UInt8] = []
      bytes.append(field: type)
      bytes.append(field: size)
      return bytes
    }

    /// Sends what no helper can go on after, with requests behind it, and says what came of it.
    private func expectEnd(_ bytes: [UInt8], _ start: Start, status: CInt, _ what: String) throws {
      let place = try Place(start)
      let peer = try place.serve()
      #expect(try peer.isWell(), "\(what)")
      let behind = Array([Message](repeating: .makeDirectory("/made"), count: 3).map(\.frame).joined())
      try peer.send(bytes + behind)
      peer.finishSending()
      #expect(try peer.drain() == 0, "\(what) was answered")
      #expect(peer.process.wait(seconds: 5) == status, "\(what): \(peer.log.text)")
      #expect(Tree.names(in: place.export) == [], "\(what): what followed was done")
      #expect(peer.log.lines.count == 2, "\(what)")
      #expect(peer.log.lines.last?.contains("doesn't speak the protocol") == true, "\(what)")
    }

    @Test(arguments: Start.all)
    func moreThanAFrameCanHoldEndsIt(start: Start) throws {
      let sizes: [UInt32] = [
        65_537, 65_544, 0x0002_0000, 0x0100_0000, 0x7fff_fff8, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_0000,
        0xffff_fff7, 0xffff_fff8, 0xffff_ffff,
      ]
      for size in sizes {
        try expectEnd(Self.header(RequestType.status.rawValue, size), start, status: 1, "size \(size)")
      }
    }

    /// Reply types, and types that there aren't.
    @Test(arguments: Start.all)
    func whatIsNoRequestEndsIt(start: Start) throws {
      let types: [UInt32] = [
        0, 1, 22, 23, 127, 128, 255, 256, 0x0208, 0xff02, 0x0001_0002, 0x0200_0000, 0x7fff_ffff, 0x8000_0000,
        0x8000_0002,
        0xffff_fffe, 0xffff_ffff,
      ]
      for type in types {
        try expectEnd(Self.header(type, 7) + Message.status("/made").payload, start, status: 1, "type \(type)")
      }
    }

    /// Every reply as the helper itself would send it.
    @Test(arguments: Start.all)
    func itsOwnRepliesAreNoRequests(start: Start) throws {
      var reply = [UInt8](repeating: 0, count: 4)
      for payload in [reply, [UInt8](repeating: 0, count: FileStatus.size), [4, 0] + reply] {
        for type in [ReplyType.success, .error] {
          try expectEnd(Self.header(type.rawValue, UInt32(payload.count)) + payload, start, status: 1, "\(type)")
        }
      }
      // That of a descriptor, taken for a header, has an unknown type.
      reply = []
      reply.append(field: Frame.descriptorFollows)
      try expectEnd(reply + reply, start, status: 1, "the word that stands by a descriptor")
    }

    /// A size that is too small: the rest of the payload is the next header.
    @Test(arguments: Start.all)
    func fewerBytesThanFollowEndIt(start: Start) throws {
      let frame = Message.makeDirectory("/abcdefghijklmnop").frame
      for size in [0, 1, 2, 8, 9, 10, frame.count - Frame.headerSize - 8] as [Int] {
        let place = try Place(start)
        let peer = try place.serve()
        var bytes = frame
        bytes.replaceSubrange(4..<8, with: Self.header(0, UInt32(size)).suffix(4))
        try peer.send(bytes)
        // The request itself lacks something.
        #expect(try peer.receive(.status).errno == ENOBUFS, "size \(size)")
        peer.finishSending()
        #expect(try peer.drain() == 0, "size \(size)")
        let status = peer.process.wait(seconds: 5)
        #expect(status == 0 || status == 1, "size \(size)")
        #expect(Tree.names(in: place.export) == [], "size \(size)")
      }
    }

    /// A size that is too large waits for the rest, and takes the next requests for it.
    @Test(arguments: Start.all)
    func moreBytesThanFollowAreWaitedFor(start: Start) throws {
      let place = try Place(start)
      let peer = try place.serve()
      let frame = Message.makeDirectory("/made").frame
      var bytes = frame
      bytes.replaceSubrange(4..<8, with: Self.header(0, UInt32(2 * frame.count - Frame.headerSize)).suffix(4))
      try peer.send(bytes)
      usleep(20_000)
      let isQuiet = peer.isQuiet()
      #expect(isQuiet)
      #expect(Tree.names(in: place.export) == [])
      try peer.send(frame)
      #expect(try peer.receive(.status).errno == EINVAL, "there are bytes behind its last field")
      #expect(try peer.isWell())
      #expect(Tree.names(in: place.export) == [])
    }

    /// All sizes at which a request with one string can be wrong, largest frame included.
    @Test(arguments: Start.all)
    func aPayloadOfEverySizeIsAnswered(start: Start) throws {
      let place = try Place(start)
      let peer = try place.serve()
      for type in RequestType.allCases {
        for size in [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 255, 4095, 4096, 65_535, 65_536] {
          for byte in [0, 1, 0x2f, 0x80, 0xff] as [UInt8] {
            let payload = [UInt8](repeating: byte, count: size)
            try peer.send(Self.header(type.rawValue, UInt32(size)) + payload)
            let answer = try peer.receive(type.replyForm)
            // ERANGE is what the kernel has for an attribute without a name.
            let known = [ENOBUFS, EINVAL, ENOENT, ERANGE]
            #expect(known.contains(answer.errno), "\(type), \(size) × \(byte): \(answer)")
          }
        }
      }
      #expect(try peer.isWell())
      #expect(Tree.names(in: place.export) == [])
    }
  }
}
