import CLinux
import CRawCalls
import Glibc
import HelperHarness
import Linux
import MonitorProtocol
import NinePHarness
import SystemPackage
import Testing
import Wire

/// What an attacker who takes the worker over can have the monitor do. The tests take its socket
/// from it (`pidfd_getfd`), and say on it what they like.
@Suite("A worker that was taken over", .serialized, .enabled(if: hasRoot(), "needs root"))
struct TakenOverWorkerTests {
  /// A server with one client, and the socket that its worker has to the monitor for that client.
  private final class Rig {
    let directory: TemporaryDirectory
    let server: Spawned
    let client: Client
    let socket: Descriptor
    /// The export's root as the worker holds it.
    let root: Descriptor
    let output: Output

    init(_ options: [String] = []) throws {
      directory = try TemporaryDirectory()
      mkdir(directory.path + "/share", 0o755)
      chmod(directory.path + "/share", 0o777)
      output = try Output()
      server = try spawn(
        Programs.postern,
        ["9p", "--export", directory.path + "/share", "--listen", "unix:\(directory.path)/s", "--split"] + options,
        output: output)
      for _ in 0..<2000 where !output.text.contains("mount -t 9p") { usleep(5000) }
      let worker = try #require(server.family.dropFirst().first)
      // Until then it may hold what it is about to close.
      for _ in 0..<2000 where try fields("/proc/\(worker)/status")["Seccomp"] != "2" { usleep(5000) }
      let earlier = try FileList.names("/proc/\(worker)/fd")
      client = Client(try connected(directory.path + "/s"))
      try client.start()
      try client.done(.attach(1))
      var sockets: [CInt] = []
      var roots: [CInt] = []
      for name in try FileList.names("/proc/\(worker)/fd") where !earlier.contains(name) {
        let copy = try Self.take(try #require(CInt(name)), from: worker)
        var type: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        if getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &size) != 0 {
          roots.append(copy)
        } else if type == CInt(SOCK_SEQPACKET.rawValue) {
          sockets.append(copy)
        } else {
          close(copy)
        }
      }
      socket = Descriptor(adopting: try #require(sockets.first))
      root = Descriptor(adopting: try #require(roots.first))
      for other in sockets.dropFirst() + roots.dropFirst() { close(other) }
    }

    private static func take(_ number: CInt, from process: pid_t) throws -> CInt {
      let handle = rc_call(Int(SYS_pidfd_open), Int(process), 0, 0, 0, 0)
      defer { close(CInt(handle)) }
      let copy = rc_call(Int(SYS_pidfd_getfd), handle, Int(number), 0, 0, 0)
      guard handle >= 0, copy >= 0 else { throw HarnessError("pidfd_getfd: errno \(errno)") }
      return CInt(copy)
    }

    deinit {
      server.signal(SIGKILL)
      _ = server.wait(seconds: 10)
    }

    /// Asks for something, and returns the errno that it fails with, 0 for none; nil where the connection has ended.
    func ask(_ request: borrowing MonitorRequest, _ objects: [CInt]) throws -> CInt? {
      var bytes = [UInt8](repeating: 0, count: 70_000)
      var span = bytes.mutableSpan
      let count = try request.encode(ObjectPlaces(first: 0, second: objects.count - 1), into: &span)
      return send(bytes[..<count], objects)
    }

    /// Sends a packet, and returns as ``ask(_:_:)`` does.
    func send(_ bytes: ArraySlice<UInt8>, _ objects: [CInt]) -> CInt? {
      guard cl_send_packet(socket.rawValue, Array(bytes), bytes.count, objects, CUnsignedInt(objects.count)) >= 0 else {
        return nil
      }
      var reply = [UInt8](repeating: 0, count: 140_000)
      var descriptors = [CInt](repeating: -1, count: 64)
      var passed: CUnsignedInt = 0
      var isCut = false
      let count = cl_receive_packet(socket.rawValue, &reply, reply.count, &descriptors, &passed, &isCut, 0)
      for descriptor in descriptors.prefix(Int(passed)) { close(descriptor) }
      guard count > 0 else { return nil }
      let answer = try? MonitorReply(reply.span.extracting(first: count))
      guard let answer, case .failed(let error) = answer else { return 0 }
      return error
    }
  }

  private func name(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("what isn't of the export's own mounts is nobody's to work on, even where it is the same directory")
  func foreignObjects() throws {
    let rig = try Rig()
    let host = try TemporaryDirectory()
    let victim = open(host.path + "/victim", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    let outside = open(host.path, cl_o_path | O_DIRECTORY | O_CLOEXEC)
    let same = open(rig.directory.path + "/share", cl_o_path | O_DIRECTORY | O_CLOEXEC)
    let process = open("/proc/self", cl_o_path | O_DIRECTORY | O_CLOEXEC)
    defer { for file in [victim, outside, same, process] { close(file) } }
    let owner = MonitorRequest.Owner(uid: 0, gid: 0)
    let here = rig.root.rawValue
    var change = MonitorRequest.Change()
    change.mode = 0o666
    change.owner = MonitorRequest.Owner(uid: 1, gid: 1)
    for directory in [outside, same, process] {
      #expect(try rig.ask(.find(name: Name(name("victim").span)), [directory]) == EXDEV)
      #expect(try rig.ask(.parent, [directory]) == EXDEV)
      #expect(try rig.ask(.open(flags: O_RDONLY, isRoot: true), [directory]) == EXDEV)
      #expect(
        try rig.ask(.create(name: Name(name("new").span), flags: O_RDWR, mode: 0o644, owner: owner), [directory])
          == EXDEV)
      #expect(
        try rig.ask(.makeDirectory(name: Name(name("new").span), mode: 0o755, owner: owner), [directory]) == EXDEV)
      #expect(try rig.ask(.remove(name: Name(name("victim").span), isDirectory: false), [directory]) == EXDEV)
      #expect(
        try rig.ask(.rename(oldName: Name(name("victim").span), newName: Name(name("x").span)), [directory, here])
          == EXDEV)
      #expect(
        try rig.ask(.rename(oldName: Name(name("x").span), newName: Name(name("victim").span)), [here, directory])
          == EXDEV)
      #expect(try rig.ask(.change(change), [directory]) == EXDEV)
      #expect(try rig.ask(.removeObject, [directory]) == EXDEV)
      #expect(try rig.ask(.renameObject(newName: Name(name("x").span)), [directory, here]) == EXDEV)
    }
    #expect(try rig.ask(.link(name: Name(name("stolen").span)), [victim, here]) == EXDEV)
    #expect(try rig.ask(.change(change), [victim]) == EXDEV)
    #expect(try rig.ask(.removeObject, [victim]) == EXDEV)
    #expect(try rig.ask(.renameObject(newName: Name(name("stolen").span)), [victim, here]) == EXDEV)
    #expect(try rig.ask(.open(flags: O_RDWR | O_TRUNC, isRoot: true), [victim]) == EXDEV)
    #expect(try rig.ask(.getAttribute(name: name("user.x").span, size: 10), [victim]) == EXDEV)
    #expect(try rig.ask(.setAttribute(name: name("user.x").span, value: name("v").span, flags: 0), [victim]) == EXDEV)
    // Its own it may work on.
    #expect(try rig.ask(.makeDirectory(name: Name(name("new").span), mode: 0o755, owner: owner), [here]) == 0)
    #expect(try FileList.names(host.path) == ["victim"])
    #expect(try FileList.names(rig.directory.path + "/share") == ["new"])
    var status = stat()
    #expect(fstat(victim, &status) == 0)
    #expect([status.st_mode & 0o7777, status.st_uid, status.st_gid] == [0o600, 0, 0])
  }

  @Test("of a squashed client's helper nobody gets another user's rights")
  func otherUsers() throws {
    let rig = try Rig(["--squash", "1000:1000"])
    let share = rig.directory.path + "/share"
    let secret = open(share + "/secret", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    close(secret)
    let file = try name("secret").withObject(in: rig.root.rawValue)
    defer { close(file) }
    #expect(try rig.ask(.open(flags: O_RDONLY, isRoot: true), [file]) == EACCES)
    var change = MonitorRequest.Change()
    change.mode = 0o666
    #expect(try rig.ask(.change(change), [file]) == EPERM)
    for id: UInt32 in [0, 1001, .max] {
      let made = try rig.ask(
        .makeDirectory(name: Name(name("d").span), mode: 0o755, owner: MonitorRequest.Owner(uid: id, gid: id)),
        [rig.root.rawValue])
      #expect(made == (id == .max ? EINVAL : EPERM))
    }
    #expect(try FileList.names(share) == ["secret"])
  }

  @Test("special files aren't opened, and flags that would create aren't heard")
  func specialFiles() throws {
    let rig = try Rig()
    let share = rig.directory.path + "/share"
    mkfifo(share + "/fifo", 0o666)
    symlink("/etc/passwd", share + "/link")
    for (entry, expected) in [("fifo", ENXIO), ("link", ELOOP)] {
      let object = try name(entry).withObject(in: rig.root.rawValue)
      #expect(try rig.ask(.open(flags: O_RDWR, isRoot: true), [object]) == expected, "\(entry)")
      close(object)
    }
    for flags in [cl_o_tmpfile | O_RDWR, cl_o_path, O_CREAT] {
      #expect(try rig.ask(.open(flags: flags, isRoot: true), [rig.root.rawValue]) == EINVAL, "\(flags)")
    }
    let owner = MonitorRequest.Owner(uid: 0, gid: 0)
    for (entry, expected) in [("fifo", ENXIO), ("link", ELOOP)] {
      #expect(
        try rig.ask(
          .create(name: Name(name(entry).span), flags: O_RDWR, mode: 0o644, owner: owner), [rig.root.rawValue])
          == expected)
    }
  }

  @Test("what isn't a request ends that connection, and no other")
  func nonsense() throws {
    for text in ["", ".", "..", "a/b", "/", "a\0b"] {
      let rig = try Rig()
      let other = Client(try connected(rig.directory.path + "/s"))
      let fields = Payload().d(0o755).d(0).d(0).s(text).bytes
      let type = MonitorRequestType.makeDirectory.rawValue
      let packet = Payload().d(Int64(type)).d(Int64(4 + fields.count)).w(0).w(0).bytes + fields
      #expect(rig.send(packet[...], [rig.root.rawValue]) == nil, "\(text)")
      try other.start()
      try other.done(.attach(1))
    }
    var good = [UInt8](repeating: 0, count: 100)
    var span = good.mutableSpan
    let count = try MonitorRequest.find(name: Name(name("x").span)).encode(ObjectPlaces(first: 0), into: &span)
    var badType = good
    badType[0] = 63
    var badSize = good
    badSize[4] = 200
    var badPlace = good
    badPlace[8] = 1
    for (bytes, descriptors) in [
      (good[..<count], 0), (badPlace[..<count], 1), (good[..<(count - 1)], 1), (good[..<7], 1),
      (good[..<(count + 1)], 1),
      (badType[..<count], 1), (badSize[..<count], 1),
    ] {
      let rig = try Rig()
      let held = [CInt](repeating: rig.root.rawValue, count: descriptors)
      let answer = rig.send(bytes, held)
      // What comes first may have been answered before the rest is seen to be nothing.
      #expect(answer == nil || answer == ENOENT && rig.send(good[..<count], [rig.root.rawValue]) == nil)
      #expect(kill(rig.server.identifier, 0) == 0)
    }
  }

  @Test("random packets do nothing but end the connection")
  func random() throws {
    var random = Random(seed: 7)
    var ended = 0
    while ended < 30 {
      let rig = try Rig()
      for _ in 0..<2000 {
        var bytes = [UInt8](repeating: 0, count: Int(random.next() % 60) + 1)
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
        if random.next() % 4 != 0, bytes.count >= 8 {
          bytes[0] = UInt8(64 + random.next() % 16)
          bytes[1...3] = [0, 0, 0]
          bytes[4...7] = [UInt8(bytes.count - 8), 0, 0, 0]
        }
        let held = [CInt](repeating: rig.root.rawValue, count: Int(random.next() % 3))
        if rig.send(bytes[...], held) == nil {
          ended += 1
          break
        }
      }
      #expect(kill(rig.server.identifier, 0) == 0, "\(rig.output.text)")
      #expect(!rig.output.text.contains("Fatal"), "\(rig.output.text)")
    }
  }
}

extension [UInt8] {
  /// A descriptor that names this entry of a directory.
  fileprivate func withObject(in directory: CInt) throws -> CInt {
    let object = openat(directory, String(decoding: self, as: UTF8.self), cl_o_path | O_NOFOLLOW | O_CLOEXEC)
    guard object >= 0 else { throw HarnessError("openat: errno \(errno)") }
    return object
  }
}
