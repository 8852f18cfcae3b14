import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Clients that go in the midst of it, and those that never spoke 9P.
  @Suite struct DyingClientTests {
    /// A session with something of everything that a server holds for its client.
    private static let session: [UInt8] = {
      let messages: [NinePMessage] = [
        .attach(0, user: 0), .walk(0, 1, "file"), .open(1, 2), .write(1, 0, [1, 2, 3]), .walk(0, 2), .open(2), .list(2),
        .walk(0, 3), .create(3, "new", 0o1102), .write(3, 0, [4]), .walk(0, 4, "file"),
        .createAttribute(4, "user.b", 2),
        .write(4, 0, [5]), .walkAttribute(1, 5, ""), .lock(1, 1), .lock(3, 1, 0, 10), .makeDirectory(0, "made"),
        .unlink(0, "made", 0x200), .walk(0, 6, "d", "..", "d"), .rename(0, "new", 0, "new"), .read(1), .clunk(2),
      ]
      return NinePMessage.version(65_536, "9P2000.L").frame(tag: .max) + messages.flatMap { $0.frame() }
    }()

    /// Bytes of the first message.
    private static let first = NinePMessage.version(65_536, "9P2000.L").frame().count

    @Test(arguments: Way.all)
    func oneThatGoesAtAnyByteLeavesNothing(way: Way) throws {
      let share = try Share(way) { path in
        try makeDirectory(path + "/d")
        try makeFile(path + "/file", [1])
      }
      let watcher = try share.client()
      try watcher.done(.walk(0, 1, "file"))
      try watcher.done(.open(1, 2))
      let (descriptors, threads) = (share.server.openDescriptors(), try share.server.threads())
      let memory = try share.server.residentMemory()
      for end in 0...Self.session.count {
        let client = try share.connect()
        client.send(Array(Self.session[..<end]))
        // With its replies unread, or some of them read.
        if end % 3 == 0, end > Self.first { _ = client.receive() }
        client.hangUp()
        // No more of them than may be there at a time.
        if end % 40 == 0 { #expect(try eventually { try share.server.threads() <= threads }) }
      }
      let began = now()
      #expect(try eventually { try share.server.threads() <= threads })
      #expect(descriptors < 0 || eventually { share.server.openDescriptors() <= descriptors })
      #expect(now() - began < 1)
      // Nor has it any lock, or set what it hadn't clunked.
      #expect(try watcher.done(.lock(1, 1, 0, 0)).all == [0])
      #expect(getxattr(share.path + "/file", "user.b", nil, 0) == -1)
      #expect(try share.server.residentMemory() < memory + 2048)
      #expect(share.isWell() && share.ends())
    }

    /// A machine that was switched off says nothing. Its kernel is asked, on each connection, whether it is there.
    @Test(arguments: Way.all)
    func oneThatGoesWithoutAWordIsAskedAfter(way: Way) throws {
      let share = try Share(way)
      let log = try Output()
      let trust = way.options.contains("--squash") ? [] : ["--trust"]
      let server = try way.start(
        ["9p", "--export", share.path, "--listen", "tcp:127.0.0.1:0"] + way.options + trust, output: log)
      #expect(eventually { log.text.contains("mount -t 9p") })
      let port = log.text.split(separator: ",").first { $0.hasPrefix("port=") }?.dropFirst(5)
      let number = try #require(port.flatMap { UInt16($0) }, "\(log.text)")
      let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = number.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      try withUnsafePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          try check(Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)), "connect")
        }
      }
      let client = Client(socket)
      try client.start()
      // Of each connection: state 01, and 02 for a timer that asks after the peer.
      let local = "0100007F:" + String(UInt32(number) | 0x10000, radix: 16).uppercased().suffix(4)
      let isAsked = eventually {
        let lines = readFile("/proc/net/tcp")?.split(separator: "\n") ?? []
        return lines.contains { line in
          let words = line.split(separator: " ")
          return words.count > 5 && words[1] == local && words[3] == "01" && words[5].hasPrefix("02:")
        }
      }
      #expect(isAsked)
      server.signal(SIGTERM)
      #expect(server.wait(seconds: 5) == 0, "\(log.text)")
    }

    /// What the log says of a client is bounded, and none of it is the client's own words.
    @Test(arguments: Way.all)
    func theLogIsNotTheirs(way: Way) throws {
      let share = try Share(way)
      let nasty: [[UInt8]] = [
        Array(repeating: 0x1b, count: 64), [7, 0, 0], [0, 0, 0, 0, 1, 1, 1], [255, 255, 255, 255, 27, 10, 13],
        Array("GET / HTTP/1.1\r\n\u{1b}[2J\n\n".utf8), [6, 0, 0, 0, 27, 27, 27],
      ]
      for index in 0..<3000 {
        let client = try share.connect()
        client.send(nasty[index % nasty.count])
        client.hangUp()
        if index % 30 == 0 { #expect(try eventually { try share.server.threads() < 10 }) }
      }
      let client = try share.client()
      for name in ["\u{1b}]0;x\u{7}", "a\nb", "\u{1b}[2J"] {
        _ = try client.call(.attach(9, tree: name))
        _ = try client.call(NinePMessage(104, .four(9), .four(.max), .text(name), .text(""), .four(0)))
        _ = try client.call(.walk(0, 9, name))
        _ = try client.call(.makeDirectory(0, name))
        client.send(NinePMessage.version(65_536, name).frame(tag: .max))
        _ = client.receive()
        client.send(NinePMessage.version(65_536, "9P2000.L").frame(tag: .max))
        _ = client.receive()
        _ = try client.call(.attach(0))
      }
      #expect(eventually { share.isWell() })
      // What comes again and again is only counted.
      usleep(1_100_000)
      try share.connect().send(nasty[0])
      #expect(eventually { share.log.text.contains("were suppressed)") })
      let text = share.log.text
      #expect(text.utf8.count < 16_384, "\(text.utf8.count)")
      #expect(text.utf8.allSatisfy { $0 == 10 || $0 >= 32 && $0 < 127 }, "\(text)")
      #expect(share.ends())
    }

    /// Messages that nobody sends, on few fids and names, by some clients at once.
    @Test(arguments: Way.all)
    func anyMessagesAreAnswered(way: Way) throws {
      let share = try Share(way) { path in
        try check(symlink(path + "/../outside", path + "/l"), "symlink")
        try check(symlink("/", path + "/m"), "symlink")
        try check(mkfifo(path + "/p", 0o666), "mkfifo")
      }
      try inParallel(4) { index in
        let client = try share.client(acting: UInt32(index))
        var random = RandomMessages(seed: UInt64(index) + 77)
        for round in 0..<6000 {
          let message = random.next()
          let answer = try client.call(message, tag: UInt16(round & 0x7fff))
          guard answer.type == 7 || answer.type == message.type + 1 else { throw HarnessError("\(message)") }
          if share.leaks(answer) { throw HarnessError("\(message) gives something away") }
          if round % 50 == 0 { _ = try client.call(.attach(0, user: UInt32(index))) }
        }
      }
      #expect(share.damage() == nil)
      #expect(share.isWell() && share.ends(), "\(share.log.text)")
    }
  }
}
