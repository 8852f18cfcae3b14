import Glibc
import Linux
import ProxyDriver

/// The programs that tests run.
package enum Programs {
  private static let root = String(#filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined())

  /// Our helper, as a user installs it.
  package static let helper = environment("POSTERN_HELPER") ?? root + "/.build/dist/virtfs-proxy-helper"
  /// The program with subcommands.
  package static let postern = environment("POSTERN_SERVER") ?? root + "/.build/dist/postern"
  /// One of the scripts of the project.
  package static func script(_ name: String) -> String { "\(root)/script/\(name)" }
  /// QEMU's own, the reference.
  package static let stockHelper = environment("POSTERN_STOCK_HELPER") ?? "/usr/lib/qemu/virtfs-proxy-helper"

  /// Counts what our server allocates.
  package static let allocationCount =
    environment("POSTERN_ALLOCATION_COUNT") ?? root + "/.build/dist-tests/allocation-count"

  /// Counts what our 9P server allocates.
  package static let ninePAllocationCount =
    environment("POSTERN_NINEP_ALLOCATION_COUNT") ?? root + "/.build/dist-tests/ninep-allocation-count"

  /// Counts what our server executes; the compiler that it is of; and the numbers of each compiler.
  package static let instructionCount =
    environment("POSTERN_INSTRUCTION_COUNT") ?? root + "/.build/dist-tests/instruction-count"
  package static let instructionCompiler = root + "/.build/dist-tests/compiler"
  package static let acceptedInstructions = root + "/Tests/instruction-count/accepted"

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

/// Whether tests that need root run. Where a machine runs them (`CI` is set) nobody would notice that they are left out, so
/// there they run, and fail.
package func hasRoot() -> Bool {
  geteuid() == 0 || getenv("CI") != nil
}

/// Whether tests that need QEMU's own helper too run, by the same rule.
package func hasRootAndStockHelper() -> Bool {
  hasRoot() && (access(Programs.stockHelper, X_OK) == 0 || getenv("CI") != nil)
}

/// Two connected stream sockets, closed on exec.
package func socketPair() throws -> (ours: CInt, theirs: CInt) {
  var ends: [CInt] = [-1, -1]
  guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
    throw HarnessError("socketpair: errno \(errno)")
  }
  return (ends[0], ends[1])
}

/// A helper that serves a directory in the foreground, and the other end of its socket.
package struct RunningHelper: ~Copyable {
  package let process: Spawned
  private var socket: Descriptor?
  private var subordinates: Subordinates?

  /// - Parameter output: where its log goes.
  package init(
    _ program: String = Programs.helper, serving directory: String, _ options: [String] = [], output: Output? = nil
  ) throws {
    try self.init(program, words: [], serving: directory, options, output)
  }

  /// Starts ours in this way.
  ///
  /// - Parameter subordinates: what nobody may hand out to guests, where that is who it runs as.
  package init(
    _ start: Start, serving directory: String, _ options: [String] = [], subordinates: Subordinates? = nil,
    output: Output? = nil
  ) throws {
    let (program, words) = start.command(subordinates)
    let isMapped = options.contains { $0.hasPrefix("--uid-map") || $0.hasPrefix("--gid-map") }
    try self.init(
      program, words: words, serving: directory,
      ["--sandbox", start.sandbox] + (isMapped ? [] : start.map) + options, output)
    self.subordinates = subordinates
  }

  private init(
    _ program: String, words: [String], serving directory: String, _ options: [String], _ output: Output?
  ) throws {
    let pair = try socketPair()
    process = try spawn(
      program, words + ["-n", "-p", directory, "-f", "3"] + options,
      inheriting: [(pair.theirs, 3)] + (words.isEmpty ? [] : [(Start.helper, Start.helperNumber)]), output: output)
    close(pair.theirs)
    socket = Descriptor(adopting: pair.ours)
  }

  /// The test's end of the socket. Once only.
  package mutating func takeSocket() throws -> Descriptor {
    guard let socket = socket.take() else { throw HarnessError("the socket is taken already") }
    // A test that waits for a reply which never comes fails instead.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(socket.rawValue, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    return socket
  }

  /// A driver on the socket. Once only.
  package mutating func connect() throws -> ProxyConnection {
    ProxyConnection(adopting: try takeSocket())
  }
}
