import CAllocationCount
import CLinux
import Export
import Glibc
import Linux
import ProxyServer
import ProxyProtocol

/// Serves a directory to itself and counts what the serving thread allocates, for each request that there is.
///
///     allocation-count DIRECTORY ROUNDS
///
/// Prints a line `TYPE ALLOCATIONS` for each type, of ROUNDS requests. Only a release build says anything.
@main
enum AllocationCount {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let rounds = Int(arguments[2]), chdir(arguments[1]) == 0 else {
      print("usage: allocation-count DIRECTORY ROUNDS")
      exit(2)
    }
    close(open("file", O_CREAT | O_WRONLY, 0o644))
    mkdir("directory", 0o755)
    symlink("file", "symlink")
    let client = try serveOnAThread()
    var frame: [UInt8] = []
    for type in RequestType.allCases {
      try Requests.encode(type, into: &frame)
      // Caches and lazy values are filled by the first few.
      for _ in 0..<100 { exchange(frame, client) }
      ac_start()
      for _ in 0..<rounds { exchange(frame, client) }
      print("\(type) \(ac_stop())")
    }
  }

  private static func serveOnAThread() throws -> CInt {
    var ends: [CInt] = [-1, -1]
    socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        ac_watch_this_thread()
        // A counter that misses this one would make every request look free.
        ac_start()
        ac_allocate()
        guard ac_stop() == 1 else { exit(4) }
        let socket = Descriptor(adopting: CInt(Int(bitPattern: argument)))
        if let export = try? PathExport(.unconfined) { _ = ProxyServer.serve(export, on: socket) }
        return nil
      }, UnsafeMutableRawPointer(bitPattern: Int(ends[0])))
    return ends[1]
  }

  /// Sends a frame and reads its whole reply, whatever it is.
  private static func exchange(_ frame: [UInt8], _ client: CInt) {
    send(client, frame, frame.count, 0)
    var reply: (UInt64, UInt64) = (0, 0)
    var descriptor: CInt = -1
    var rest = withUnsafeMutableBytes(of: &reply) { bytes in
      let count = cl_receive_descriptor(client, bytes.baseAddress, 8, &descriptor, 0)
      // A header says how much follows; without one these four bytes were all.
      return count == 8 ? Int(bytes.load(fromByteOffset: 4, as: UInt32.self)) : 0
    }
    if descriptor >= 0 { close(descriptor) }
    var sink = [UInt8](repeating: 0, count: rest)
    while rest > 0 {
      let count = recv(client, &sink, rest, 0)
      guard count > 0 else { exit(3) }
      rest -= count
    }
  }
}

/// One request of each type. Those that make something fail after the first time, which is no less of a request.
enum Requests {
  static func encode(_ type: RequestType, into frame: inout [UInt8]) throws {
    let (file, new, link, name) = (
      Array("//file".utf8), Array("//new".utf8), Array("//symlink".utf8), Array("user.a".utf8)
    )
    let (uid, gid) = (geteuid(), getegid())
    let time = ProxyProtocol.Time(seconds: 1, nanoseconds: 2)
    switch type {
    case .open: try Request.open(path: file.span, flags: O_RDWR).encode(into: &frame)
    case .create:
      try Request.create(path: file.span, flags: O_RDWR | O_CREAT, mode: 0o644, uid: uid, gid: gid).encode(into: &frame)
    case .makeNode:
      try Request.makeNode(path: new.span, mode: 0o10644, device: 0, uid: uid, gid: gid).encode(into: &frame)
    case .makeDirectory: try Request.makeDirectory(path: new.span, mode: 0o755, uid: uid, gid: gid).encode(into: &frame)
    case .makeSymbolicLink:
      try Request.makeSymbolicLink(target: name.span, path: new.span, uid: uid, gid: gid).encode(into: &frame)
    case .link: try Request.link(old: file.span, new: new.span).encode(into: &frame)
    case .status: try Request.status(path: file.span).encode(into: &frame)
    case .readLink: try Request.readLink(path: link.span, size: 4096).encode(into: &frame)
    case .fileSystemStatus: try Request.fileSystemStatus(path: file.span).encode(into: &frame)
    case .changeMode: try Request.changeMode(path: file.span, mode: 0o600).encode(into: &frame)
    case .changeOwner: try Request.changeOwner(path: file.span, uid: uid, gid: gid).encode(into: &frame)
    case .truncate: try Request.truncate(path: file.span, size: 5).encode(into: &frame)
    case .setTimes: try Request.setTimes(path: file.span, access: time, modification: time).encode(into: &frame)
    case .rename: try Request.rename(old: file.span, new: file.span).encode(into: &frame)
    case .remove: try Request.remove(path: new.span).encode(into: &frame)
    case .getAttribute: try Request.getAttribute(path: file.span, name: name.span, size: 100).encode(into: &frame)
    case .listAttributes: try Request.listAttributes(path: file.span, size: 100).encode(into: &frame)
    case .setAttribute:
      try Request.setAttribute(path: file.span, name: name.span, value: file.span, flags: 0).encode(into: &frame)
    case .removeAttribute: try Request.removeAttribute(path: file.span, name: name.span).encode(into: &frame)
    case .getVersion: try Request.getVersion(path: file.span).encode(into: &frame)
    }
  }
}
