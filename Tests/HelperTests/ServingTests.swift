import Glibc
import HelperHarness
import Linux
import ProxyDriver
import ProxyProtocol
import Testing

extension PrivilegedTests {
  /// What a client of the built program sees, byte by byte where that matters.
  @Suite struct ServingTests {
    /// A frame of this request.
    private func frame(_ request: borrowing Request) throws -> [UInt8] {
      var frame: [UInt8] = []
      try request.encode(into: &frame)
      return frame
    }

    private func status(_ path: String) throws -> [UInt8] {
      let bytes = Array(path.utf8)
      return try frame(.status(path: bytes.span))
    }

    private func send(_ bytes: [UInt8], _ socket: borrowing Descriptor) {
      #expect(Glibc.send(socket.rawValue, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Exactly this many bytes, or fewer where the helper closes.
    private func receive(_ count: Int, _ socket: borrowing Descriptor) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      var filled = 0
      while filled < count {
        let more = bytes.withUnsafeMutableBytes {
          recv(socket.rawValue, $0.baseAddress.map { $0 + filled }, count - filled, 0)
        }
        guard more > 0 else { break }
        filled += more
      }
      return Array(bytes.prefix(filled))
    }

    private let statusReplySize = Frame.headerSize + FileStatus.size

    @Test func repliesAreQEMUsToTheByte() throws {
      let directory = try TemporaryDirectory()
      symlink("target", directory.path + "/l")
      var helper = try RunningHelper(serving: directory.path, output: try Output())
      let socket = try helper.takeSocket()
      send(try status("/none\0"), socket)
      #expect(receive(12, socket) == [1, 0, 0, 0, 4, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff])
      let link = Array("//l".utf8)
      send(try frame(.readLink(path: link.span, size: 4096)), socket)
      #expect(receive(16, socket) == [0, 0, 0, 0, 8, 0, 0, 0, 6, 0] + Array("target".utf8))
      send(try frame(.remove(path: link.span)), socket)
      #expect(receive(12, socket) == [0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0])
      send(try frame(.open(path: link.span, flags: O_RDONLY)), socket)
      #expect(receive(4, socket) == [0xfe, 0xff, 0xff, 0xff])
    }

    @Test func pipelinedRequestsAreAnsweredInTurn() throws {
      let directory = try TemporaryDirectory()
      var helper = try RunningHelper(serving: directory.path, output: try Output())
      let socket = try helper.takeSocket()
      // More than the helper's buffer holds at once.
      let long = try status("/" + String(repeating: "x/", count: 10000) + "y")
      let known = try status("/")
      for _ in 0..<20 {
        send(known + long + known + long + known, socket)
        for expected in [0, 1, 0, 1, 0] as [UInt8] {
          let header = receive(8, socket)
          #expect(header.first == expected)
          _ = receive(Int(header[4]), socket)
        }
      }
    }

    @Test func aRequestMayComeByteByByte() throws {
      let directory = try TemporaryDirectory()
      var helper = try RunningHelper(serving: directory.path, output: try Output())
      let socket = try helper.takeSocket()
      for byte in try status("/") { send([byte], socket) }
      #expect(receive(statusReplySize, socket).count == statusReplySize)
    }

    @Test func theLargestFrameIsARequest() throws {
      let directory = try TemporaryDirectory()
      var helper = try RunningHelper(serving: directory.path, output: try Output())
      let socket = try helper.takeSocket()
      let path = [UInt8](repeating: UInt8(ascii: "/"), count: 65534)
      let largest = try frame(.status(path: path.span))
      #expect(largest.count == Frame.maximumSize)
      for _ in 0..<3 {
        send(largest + largest, socket)
        for _ in 0..<2 { #expect(receive(statusReplySize, socket).count == statusReplySize) }
      }
    }

    /// Each form of reply, to a payload that can't be read.
    @Test func whatCannotBeReadIsAnsweredAndTheNextRequestServed() throws {
      let directory = try TemporaryDirectory()
      var helper = try RunningHelper(serving: directory.path, output: try Output())
      let socket = try helper.takeSocket()
      for type in RequestType.allCases {
        send([UInt8(type.rawValue), 0, 0, 0, 1, 0, 0, 0, 9], socket)
        let expected: [UInt8] = [0x97, 0xff, 0xff, 0xff]  // -ENOBUFS
        switch type.replyForm {
        case .descriptor: #expect(receive(4, socket) == expected)
        case .status, .response: #expect(receive(12, socket) == [1, 0, 0, 0, 4, 0, 0, 0] + expected)
        }
      }
      send(try status("/a\0b"), socket)
      #expect(receive(12, socket).suffix(4) == [0xea, 0xff, 0xff, 0xff], "EINVAL")
      send(try status("/"), socket)
      #expect(receive(statusReplySize, socket).count == statusReplySize)
    }

    @Test func aClientMayVanishWithinARequest() throws {
      let directory = try TemporaryDirectory()
      let whole = try status("/") + (try status("/none"))
      for count in 0..<whole.count {
        let output = try Output()
        var helper = try RunningHelper(serving: directory.path, output: output)
        do {
          let socket = try helper.takeSocket()
          send(Array(whole.prefix(count)), socket)
        }
        #expect(helper.process.wait(seconds: 5) == 0, "after \(count) bytes: \(output.text)")
      }
    }

    /// Looking for requests before sleeping ends soon after the last one.
    @Test func anIdleHelperUsesNoCPU() throws {
      let directory = try TemporaryDirectory()
      var helper = try RunningHelper(serving: directory.path, output: try Output())
      var connection = try helper.connect()
      let root = Array("/".utf8)
      for _ in 0..<2000 { _ = try connection.exchange(.status(path: root.span)) }
      usleep(200_000)
      // How often it gave the processor up, and how often it lost it: an idle process does neither.
      func switches() -> [Substring] {
        let status = readFile("/proc/\(helper.process.identifier)/status") ?? ""
        return status.split(separator: "\n").filter { $0.contains("ctxt_switches") }
      }
      let before = switches()
      #expect(before.count == 2)
      usleep(500_000)
      #expect(switches() == before)
    }

    /// The kernel counts descriptors that nobody has received for all of root's processes together.
    @Test func whoDoesNotReceiveDescriptorsIsSentFew() throws {
      let directory = try TemporaryDirectory()
      var helper = try RunningHelper(serving: directory.path, output: try Output())
      let socket = try helper.takeSocket()
      let root = Array("/".utf8)
      let request = try frame(.open(path: root.span, flags: O_RDONLY | O_DIRECTORY))
      for _ in 0..<3 {
        for _ in 0..<100 { send(request, socket) }
        var answers: [Int32] = []
        // The first waits until the helper has got to the last.
        #expect(eventually { bytesWaiting(on: socket) == 400 })
        for _ in 0..<100 { answers.append(try receiveAnswer(socket)) }
        #expect(answers.count { $0 == Frame.descriptorFollows } == 8, "\(answers)")
        #expect(answers.count { $0 == -ETOOMANYREFS } == 92)
      }
      // Whoever has received all of them gets further ones.
      for _ in 0..<100 {
        send(request, socket)
        #expect(try receiveAnswer(socket) == Frame.descriptorFollows)
      }
    }

    private func bytesWaiting(on socket: borrowing Descriptor) -> CInt {
      var count: CInt = 0
      _ = ioctl(socket.rawValue, UInt(FIONREAD), &count)
      return count
    }

    /// The word of a reply that a descriptor may come with, which is closed.
    private func receiveAnswer(_ socket: borrowing Descriptor) throws -> Int32 {
      var bytes: [UInt8] = [0, 0, 0, 0]
      var span = bytes.mutableSpan
      let (count, descriptor) = try socket.receiveWithDescriptor(into: &span)
      if let descriptor { close(descriptor) }
      guard count == 4 else { throw HarnessError("a reply of \(count) bytes") }
      let answer = Int32(
        bitPattern: UInt32(bytes[0]) | UInt32(bytes[1]) << 8 | UInt32(bytes[2]) << 16 | UInt32(bytes[3]) << 24)
      #expect((answer == Frame.descriptorFollows) == (descriptor != nil))
      return answer
    }
  }
}

/// The open descriptors of a process.
func descriptors(of process: pid_t) -> [String] {
  guard let directory = opendir("/proc/\(process)/fd") else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name.first != "." { names.append("\(name) \(readLink("/proc/\(process)/fd/\(name)") ?? "")") }
  }
  return names.sorted()
}
