internal import CLinux
internal import Confinement
internal import Glibc
internal import Linux
internal import SystemPackage

/// A thread that serves one connection after the other in a fresh directory, which is all that it can reach.
///
/// Namespaces, root directory and capabilities are a thread's to the kernel. So the server is confined by the very code
/// that confines the helper, and the fuzzer's own thread, which reads and writes its corpus, isn't. It needs root.
final class ConfinedServer: Sendable {
  /// What the kernel says of the directory.
  let root: Linux.FileStatus
  /// The directory as the process has it that isn't confined.
  let directory: Descriptor
  private let sockets: CInt

  /// Makes the directory in TMPDIR, or /tmp. It stays there.
  ///
  /// `serve` serves a connection; it may make the links to open files its working directory.
  init(_ serve: @escaping @Sendable (consuming Descriptor, borrowing DescriptorLinks) throws(Errno) -> Void) {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var path = Array("\(parent)/postern-fuzz-XXXXXX".utf8CString)
    if mkdtemp(&path) == nil { violated("mkdtemp: errno \(errno)") }
    let directory = Descriptor(adopting: checked(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open"))
    guard let root = try? directory.status() else { violated("a directory has no status") }
    self.root = root
    guard let outside = try? directory.duplicate() else { violated("a directory can't be duplicated") }
    self.directory = outside
    var ends: [CInt] = [-1, -1]
    _ = checked(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends), "socketpair")
    sockets = ends[0]
    let worker = Worker(directory: directory.release(), root: root, sockets: ends[1], serve)
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { worker in
        if let worker { Unmanaged<Worker>.fromOpaque(worker).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(worker).toOpaque())
    if result != 0 { violated("pthread_create: \(result)") }
  }

  /// Has a connection served, and then its socket closed: the other end sees its end when all is done.
  func serve(_ socket: CInt) {
    var socket = socket
    _ = checked(send(sockets, &socket, 4, 0), "send")
  }
}

private final class Worker {
  private let directory: CInt
  private let root: Linux.FileStatus
  private let sockets: CInt
  private let serve: @Sendable (consuming Descriptor, borrowing DescriptorLinks) throws(Errno) -> Void
  private var links: DescriptorLinks?

  init(
    directory: CInt, root: Linux.FileStatus, sockets: CInt,
    _ serve: @escaping @Sendable (consuming Descriptor, borrowing DescriptorLinks) throws(Errno) -> Void
  ) {
    self.directory = directory
    self.root = root
    self.sockets = sockets
    self.serve = serve
  }

  func run() {
    // libFuzzer's clock is the other thread's: the helper, too, gets no signal but those that end it.
    var clock = sigset_t()
    sigemptyset(&clock)
    sigaddset(&clock, SIGALRM)
    pthread_sigmask(SIG_BLOCK, &clock, nil)
    let tree = enter()
    guard let links = links.take() else { violated("no links to open files") }
    var socket: CInt = -1
    while recv(sockets, &socket, 4, 0) == 4 {
      let connection = Descriptor(adopting: socket)
      tree.reset()
      do throws(Errno) {
        try serve(connection, links)
      } catch {
        violated("no export: \(error)")
      }
    }
  }

  /// Becomes confined, as the helper does.
  private func enter() -> Tree {
    // The working directory would be the whole process's.
    _ = checked(unshare(CL_CLONE_FS), "unshare")
    do throws(StageError) {
      try Sandbox.namespace.enter(
        Descriptor(adopting: directory), readOnly: false, identities: .same
      ) { () throws(StageError) in
        links = try stage("mount /proc/self/fd apart") { () throws(Errno) in try DescriptorLinks.apart() }
      }
      try Privileges.drop(allBut: Privileges.serving())
    } catch {
      violated("can't \(error.stage): \(error.error)")
    }
    Process.setUmask(0)
    // From here on files are removed. This is not to happen anywhere else.
    var status = stat()
    _ = checked(lstat("/..", &status), "lstat")
    guard status.st_dev == root.device, status.st_ino == root.inode else { violated("the sandbox isn't closed") }
    return Tree(root: checked(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open"))
  }
}
