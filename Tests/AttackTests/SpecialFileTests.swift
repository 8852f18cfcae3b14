import CLinux
import Glibc
import HelperHarness
import Linux
import ProxyProtocol
import Testing

extension AttackTests {
  /// FIFOs, sockets and devices: opening one can wait for ever, or do anything.
  @Suite struct SpecialFileTests {
    /// No answer may take longer than this, in seconds.
    private static let patience = 1.0

    /// Every request that might open what a path names.
    private static func requests(on path: String) -> [Message] {
      let flags = [
        O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_NONBLOCK, O_RDWR | O_TRUNC, O_RDONLY | O_NOFOLLOW, O_WRONLY | O_APPEND,
        O_RDWR | O_SYNC | cl_o_direct,
      ]
      let bytes = Array(path.utf8)
      return flags.map { .open(path, $0) } + flags.map { .create(path, $0 | O_CREAT) } + flags.map { .create(path, $0) }
        + [
          .create(path, O_RDWR | O_CREAT, uid: 1, gid: 1), Message(.getVersion, .s(bytes)),
          Message(.truncate, .s(bytes), .q(0)),
        ]
    }

    /// Makes one of each kind in the export, and returns their names.
    private func makeAll(_ place: Place) throws -> [String] {
      try check(mkfifo(place.export + "/fifo", 0o666), "mkfifo")
      _ = try UnixSocket.bind(path: hostPath(place.export + "/socket"))
      var names = ["fifo", "socket"]
      if hasRoot() {
        for (name, kind, device) in [
          ("null", Glibc.S_IFCHR, 0x103), ("terminal", Glibc.S_IFCHR, 0x500), ("disk", Glibc.S_IFBLK, 0x100),
        ] {
          try check(mknod(place.export + "/" + name, kind | 0o666, dev_t(device)), "mknod")
          names.append(name)
        }
      }
      for name in names { try check(chmod(place.export + "/" + name, 0o666), "chmod") }
      return names
    }

    /// Watched by inotify, which tells of every file that is opened, for however short a time.
    @Test(arguments: Start.all)
    func theyAreNeverOpened(start: Start) throws {
      let place = try Place(start)
      let names = try makeAll(place)
      for name in names { try place.makeLink(name, "to-" + name) }
      let watch = try OpenWatch()
      for name in names { try watch.add(place.export + "/" + name) }
      let peer = try place.serve()
      for name in names {
        let long = String(repeating: "/.", count: 4000) + "/" + name
        for path in ["/" + name, "/to-" + name, long, "/" + name + "/", "/" + name + "/x"] {
          for message in Self.requests(on: path) {
            let began = now()
            let answer = try peer.ask(message)
            #expect(now() - began < Self.patience, "\(message)")
            // What follows a name that is no directory isn't looked at; ENOTDIR comes first for some.
            let expected = path.hasSuffix("x") || path.hasSuffix("/") ? [ENOTDIR, EISDIR] : Self.refusals(of: message)
            // Users that aren't there come first.
            let isNobody = answer.errno == EOVERFLOW && !place.hasOthers
            #expect(expected.contains(answer.errno) || isNobody, "\(message): \(answer)")
          }
        }
      }
      #expect(watch.openings() == 0)
      // And that it would have told.
      close(open(place.export + "/fifo", O_RDWR | O_CLOEXEC))
      #expect(watch.openings() == 1)
      #expect(try peer.isWell())
    }

    /// The errnos that a request on a special file may be answered with.
    private static func refusals(of message: Message) -> [Int32] {
      switch message.type {
      case .truncate: [EINVAL]
      // A link where none may be.
      case .open, .create: [ENXIO, ELOOP]
      default: [ENXIO]
      }
    }

    /// A FIFO takes a file's place between the helper's look and its opening, and gives it back.
    @Test(arguments: Start.all)
    func oneThatIsSwappedInNeitherBlocksNorComesOut(start: Start) throws {
      let place = try Place(start)
      try check(mkfifo(place.export + "/fifo", 0o666), "mkfifo")
      try check(chmod(place.export + "/fifo", 0o666), "chmod")
      try place.makeFile(place.export + "/name")
      let peer = try place.serve()
      let (name, fifo) = (place.export + "/name", place.export + "/fifo")
      let messages = Self.requests(on: "/name")
      var (opened, refused, slowest) = (0, 0, 0.0)
      _ = try race(seconds: 1, against: { exchange(name, fifo) }) { round in
        let message = messages[round % messages.count]
        let began = now()
        let answer = try peer.ask(message)
        slowest = max(slowest, now() - began)
        switch answer {
        case .word(Frame.descriptorFollows, let file?):
          var status = stat()
          try check(fstat(file.descriptor, &status), "fstat")
          #expect(status.st_mode & Glibc.S_IFMT == Glibc.S_IFREG, "\(message)")
          opened += 1
        default:
          let known = [0, ENXIO, EINVAL, EOVERFLOW]
          #expect(known.contains(answer.errno), "\(message): \(answer)")
          refused += answer.errno == ENXIO ? 1 : 0
        }
        return true
      }
      #expect(slowest < Self.patience)
      #expect(opened > 100 && refused > 100, "\(opened) opened, \(refused) refused")
      #expect(try peer.isWell())
    }

    /// The client makes its own, of every kind that there is and of kinds that there aren't, and opens them.
    @Test(arguments: Start.all)
    func thoseThatTheClientMakesStayShut(start: Start) throws {
      let place = try Place(start)
      let peer = try place.serve()
      for kind in 0...0o17 as ClosedRange<UInt32> {
        for (index, device) in ([0, 0x103, .max, 1 << 63] as [UInt64]).enumerated() {
          let path = "/made-\(kind)-\(index)"
          let mode = kind << 12 | 0o666
          let made = try peer.errno(Message(.makeNode, .d(0), .d(0), .s(path), .d(mode), .q(device)))
          switch mode & UInt32(Glibc.S_IFMT) {
          // The kernel takes 32 bits.
          case _ where device > UInt32.max: #expect(made == EINVAL || made == EPERM, "\(path)")
          case 0, Glibc.S_IFREG, Glibc.S_IFIFO, Glibc.S_IFSOCK: #expect(made == 0, "\(path)")
          case Glibc.S_IFCHR, Glibc.S_IFBLK: #expect(made == 0 || made == EPERM && start.isRootless, "\(path)")
          default: #expect(made == EINVAL || made == EPERM, "\(path)")
          }
          guard made == 0 else { continue }
          let isRegular = try peer.status(path).mode & UInt32(Glibc.S_IFMT) == Glibc.S_IFREG
          for message in [.open(path), .open(path, O_RDWR), .create(path, O_RDWR | O_CREAT)] as [Message] {
            let answer = try peer.ask(message)
            #expect(answer.errno == (isRegular ? 0 : ENXIO), "\(message): \(answer)")
          }
        }
      }
      #expect(try peer.isWell())
    }
  }
}
