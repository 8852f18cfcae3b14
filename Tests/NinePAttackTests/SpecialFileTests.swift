import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// FIFOs, sockets and devices: opening one can wait for ever, or do anything.
  @Suite struct SpecialFileTests {
    /// No answer may take longer than this, in seconds.
    private static let patience = 1.0
    private static let flags: [UInt32] = [
      0, 1, 2, 0o4000, 0o1002, 0o2001, 0o4010002, 0o200000, 0o40001, 0o10000000, 0o20200000,
    ]

    /// Makes one of each kind in the export, and returns their names.
    private func makeAll(_ path: String) throws -> [String] {
      try check(mkfifo(path + "/fifo", 0o666), "mkfifo")
      let socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      defer { close(socket) }
      try check(withAddress(path + "/socket") { bind(socket, $0, $1) }, "bind")
      var names = ["fifo", "socket"]
      if hasRoot() {
        for (name, kind, device) in [
          ("null", Glibc.S_IFCHR, 0x103), ("terminal", Glibc.S_IFCHR, 0x500), ("disk", Glibc.S_IFBLK, 0x100),
        ] {
          try check(mknod(path + "/" + name, kind | 0o666, dev_t(device)), "mknod")
          names.append(name)
        }
      }
      for name in names { try check(chmod(path + "/" + name, 0o666), "chmod") }
      return names
    }

    /// Watched by inotify, which tells of every file that is opened, for however short a time.
    @Test(arguments: Way.all + [.bare])
    func theyAreNeverOpened(way: Way) throws {
      var names: [String] = []
      let share = try Share(way) { names = try makeAll($0) }
      let watch = try OpenWatch()
      for name in names { try watch.add(share.path + "/" + name) }
      let client = try share.client()
      func expect(_ message: NinePMessage, _ errnos: Set<CInt>) throws {
        let began = now()
        let errno = try client.failure(message)
        #expect(errnos.contains(errno), "\(message): \(errno)")
        #expect(now() - began < Self.patience, "\(message)")
      }
      for name in names {
        try client.done(.walk(0, 1, name))
        for flags in Self.flags {
          try expect(.open(1, flags), [ENXIO])
          try client.done(.walk(0, 2))
          // To make a directory and open it is no kernel's.
          let isDirectory = flags & 0o200000 != 0
          try expect(.create(2, name, flags), isDirectory ? [EINVAL] : [ENXIO])
          try expect(.create(2, name, flags | 0o200), isDirectory ? [EINVAL] : [EEXIST])
          try client.done(.clunk(2))
        }
        try expect(.change(1, 8), [EINVAL])
        try expect(.read(1), [EBADF])
        try expect(.write(1, 0, [1]), [EBADF])
        try expect(.walkAttribute(1, 2, "user.a"), [EPERM, ENODATA])
        try client.done(.walk(1, 2))
        try client.done(.createAttribute(2, "user.a", 1))
        try client.done(.write(2, 0, [1]))
        try expect(.clunk(2), [EPERM])
        try client.done(.clunk(1))
      }
      #expect(watch.openings() == 0)
      // And that it would have told.
      close(open(share.path + "/fifo", O_RDWR | O_CLOEXEC))
      #expect(watch.openings() == 1)
      #expect(share.isWell() && share.ends())
    }

    /// A FIFO takes a file's place between the walk and the opening, and gives it back.
    @Test(arguments: Way.all + [.bare])
    func oneThatIsSwappedInIsNeitherWaitedForNorOpened(way: Way) throws {
      let share = try Share(way) { path in
        try check(mkfifo(path + "/fifo", 0o666), "mkfifo")
        try check(chmod(path + "/fifo", 0o666), "chmod")
        try makeFile(path + "/name")
      }
      let watch = try OpenWatch()
      try watch.add(share.path + "/fifo")
      let client = try share.client()
      let (name, fifo) = (share.path + "/name", share.path + "/fifo")
      var (opened, refused, slowest) = (0, 0, 0.0)
      _ = try race(seconds: 0.5, against: { exchange(name, fifo) }) { round in
        _ = try client.call(.walk(0, 1, "name"))
        _ = try client.call(.walk(0, 2))
        for message: NinePMessage in [
          .open(1, Self.flags[round % 6]), .create(2, "name", Self.flags[round % 6]), .walkAttribute(1, 3, ""),
        ] {
          let began = now()
          let errno = try client.failure(message)
          slowest = max(slowest, now() - began)
          opened += errno == 0 ? 1 : 0
          refused += errno == ENXIO ? 1 : 0
        }
        for fid: UInt32 in 1...3 { _ = try client.call(.clunk(fid)) }
        return true
      }
      #expect(slowest < Self.patience)
      #expect(opened > 20 && refused > 20, "\(opened) opened, \(refused) refused")
      // By the name the kernel can be had to open it for `O_CREAT`, without waiting, to be looked at and closed.
      if way == .root { #expect(watch.openings() < refused, "\(watch.openings())") }
      #expect(share.isWell())
    }

    /// The client makes its own, of every kind that there is and of kinds that there aren't, and opens them.
    @Test(arguments: Way.all)
    func thoseThatTheClientMakesStayShut(way: Way) throws {
      let share = try Share(way)
      let client = try share.client()
      for kind in 0...0o17 as ClosedRange<UInt32> {
        for (index, (major, minor)) in ([(0, 0), (1, 3), (.max, .max), (0, 1 << 20)] as [(UInt32, UInt32)]).enumerated()
        {
          let name = "made-\(kind)-\(index)"
          let errno = try client.failure(
            NinePMessage(18, .four(0), .text(name), .four(kind << 12 | 0o666), .four(major), .four(minor), .four(0)))
          switch mode_t(kind) << 12 {
          case _ where index > 1: #expect(errno == EINVAL, "\(name)")
          case 0, Glibc.S_IFREG, Glibc.S_IFIFO, Glibc.S_IFSOCK: #expect(errno == 0, "\(name)")
          // Which is no device.
          case Glibc.S_IFCHR where index == 0: #expect(errno == 0, "\(name)")
          case Glibc.S_IFCHR, Glibc.S_IFBLK:
            #expect(errno == (way.squash == nil && way.ids == nil ? 0 : EPERM), "\(name)")
          default: #expect(errno == EINVAL || errno == EPERM, "\(name)")
          }
          guard errno == 0 else { continue }
          try client.done(.walk(0, 1, name))
          let isRegular = try share.status(name).st_mode & Glibc.S_IFMT == Glibc.S_IFREG
          for flags: UInt32 in [0, 2] {
            #expect(try client.failure(.open(1, flags)) == (isRegular ? 0 : ENXIO), "\(name)")
            if isRegular { break }
          }
          try client.done(.clunk(1))
        }
      }
      #expect(share.isWell())
    }
  }
}
