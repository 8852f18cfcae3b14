import Glibc

/// How clients get to a server of 9P.
enum NinePTransport: String, CaseIterable {
  case unix, tcp

  var title: String {
    switch self {
    case .unix: "UNIX SOCKET"
    case .tcp: "TCP ON LOOPBACK"
    }
  }
}

/// A server of 9P that was started for the benchmark.
final class NinePServerProcess {
  let name: String
  let tree: String
  private let process: pid_t
  private let log: String
  private let address: Address

  private enum Address {
    case unix(String)
    case tcp(UInt16)
  }

  /// Starts a server of this series, and waits until it lets clients in.
  ///
  /// - Parameter number: tells servers of one series apart that run beside each other.
  init(
    _ series: Series, _ transport: NinePTransport, tree: String, _ options: Options, number: Int? = nil
  ) throws(Failure) {
    name = series.rawValue + (number.map { "-\($0)" } ?? "")
    self.tree = tree
    log = "\(options.work)/log-\(name)"
    let place: String
    switch transport {
    case .unix:
      place = "\(options.work)/\(name).sock"
      unlink(place)
      address = .unix(place)
    case .tcp:
      let port = try Self.freePort()
      place = "127.0.0.1:\(port)"
      address = .tcp(port)
    }
    let ours = [options.postern, "9p", "--export", tree, "--listen", "\(transport.rawValue):\(place)", "--trust"]
    let command =
      switch series {
      case .ours: ours + ["--in-process"]
      case .oursSplit: ours + ["--split"]
      // No configuration, no authentication, and whatever user a client names: as --trust has it.
      default: [options.diod, "-f", "-n", "-N", "-c", "/dev/null", "-L", "stderr", "-l", place, "-e", tree]
      }
    process = try Peer.spawn(command, socket: nil, log: log)
    for _ in 0..<500 {
      let socket = try connected()
      if socket >= 0 {
        close(socket)
        return
      }
      usleep(10_000)
    }
    end()
    throw Failure("\(name) lets nobody in: \(lastWords)")
  }

  /// A new client, attached to the export.
  func connect() throws(Failure) -> NinePConnection {
    let socket = try connected()
    guard socket >= 0 else { throw Failure("can't connect to \(name): \(lastWords)", errno: errno) }
    let connection = try NinePConnection(name, socket)
    try connection.attach(tree)
    return connection
  }

  /// What `/proc/PID/status` of it and of the process that it has started say in this line, in kilobytes.
  func memory(_ line: String) throws(Failure) -> Int {
    let children = try readText("/proc/\(process)/task/\(process)/children").split(separator: " ").map { String($0) }
    var sum = 0
    for process in ["\(process)"] + children {
      let value = try ProcessStatus(process)[line]?.prefix { $0.isNumber }
      guard let kilobytes = value.flatMap({ Int($0) }) else { throw Failure("no \(line) of \(name)") }
      sum += kilobytes
    }
    return sum
  }

  func end() {
    // Nothing of it is wanted any more. diod 1.0.24 that is asked to end while it has clients may crash, and leave a core.
    kill(process, SIGKILL)
    _ = Peer.wait(for: process)
  }

  private var lastWords: String {
    String(((try? readText(log)) ?? "").suffix(2000))
  }

  /// A connected socket, or a negative number where nobody listens.
  private func connected() throws(Failure) -> CInt {
    switch address {
    case .unix(let path):
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let room = MemoryLayout.size(ofValue: address.sun_path)
      guard path.utf8.count < room else { throw Failure("\(path) is too long for a socket's name") }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
      return try Self.connected(AF_UNIX, &address)
    case .tcp(let port):
      var address = Self.loopback(port)
      let socket = try Self.connected(AF_INET, &address)
      var yes: CInt = 1
      setsockopt(socket, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
      return socket
    }
  }

  private static func connected<Address>(_ family: CInt, _ address: inout Address) throws(Failure) -> CInt {
    let socket = Glibc.socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { throw Failure("socket", errno: errno) }
    let result = withUnsafeBytes(of: &address) {
      Glibc.connect(socket, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
    if result != 0 { close(socket) }
    return result == 0 ? socket : -1
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  /// A port that nobody listens at.
  private static func freePort() throws(Failure) -> UInt16 {
    let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(socket) }
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutableBytes(of: &address) { bytes -> CInt in
      let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
      guard bind(socket, address, size) == 0, let address else { return -1 }
      return getsockname(socket, address, &size)
    }
    guard result == 0 else { throw Failure("no port at 127.0.0.1", errno: errno) }
    return UInt16(bigEndian: address.sin_port)
  }
}
