public import Linux
internal import ProxyProtocol
internal import SystemPackage

/// A client of `virtfs-proxy-helper`, ours or QEMU's: the driver's end of the protocol of QEMU's `-fsdev proxy`.
///
/// ## Overview
///
/// A helper exports a directory, and does with files in it what needs root: it makes them as any user, and opens them. The
/// client asks it by path, and gets open files as descriptors, which it then reads and writes itself.
///
/// ```swift
/// func writeNote(in directory: String, helper: String) throws -> UInt64 {
///   let program = try HelperProgram(helper.utf8.span, exporting: directory.utf8.span)
///   var client = try ProxyClient(starting: program)
///   try client.makeDirectory("/notes".utf8.span, mode: 0o755, uid: 1000, gid: 1000)
///   let note = try client.create("/notes/today".utf8.span, flags: O_WRONLY, mode: 0o644, uid: 1000, gid: 1000)
///   guard pwrite(note.rawValue, "hello", 5, 0) == 5 else { return 0 }
///   return try client.status("/notes/today".utf8.span).size
/// }
/// ```
///
/// The example needs `import Glibc`, `import Linux` (for ``Linux/Descriptor``), `import ProxyDriver` and
/// `import ProxyProtocol` (for the fields of a status), which the library product `ProxyDriver` all has.
///
/// ## Paths
///
/// Paths are bytes, rooted at the export, without a NUL.
///
/// ## Lost helpers
///
/// Each call waits for the helper's reply. A request that a helper may have acted on is never repeated; one that it can't
/// have read is sent to its successor. The next call after a loss replaces the helper, once for a call: by starting it
/// again where the client started it, at most five times within ten seconds, or by connecting to its name again.
/// Descriptors that a helper has passed stay open.
///
/// ## Threads
///
/// Clients share nothing: each has a helper of its own. One thread at a time can use a client.
public struct ProxyClient: ~Copyable {
  private enum Origin {
    case adopted
    case named([UInt8])
    case program(HelperProgram)
  }

  private let origin: Origin
  private var link: HelperLink?
  /// Why there is no link, where there will be none again.
  private var loss = Loss.closed
  private var starts = StartLimit()

  /// Milliseconds that a helper has to end once its connection is shut down: it may have a request to finish.
  private static let endTimeout = 2000

  /// Uses the helper at the other end of a connected, blocking stream socket. Once lost, it isn't replaced.
  public init(adopting socket: consuming Descriptor) {
    origin = .adopted
    link = HelperLink(ProxyConnection(adopting: socket))
  }

  /// Connects to a helper that listens on a Unix-domain socket.
  ///
  /// - Throws: ``Failure/noHelper(_:)`` with ``Loss/connect(_:)``.
  public init(connectingTo path: Span<UInt8>) throws(Failure) {
    var bytes: [UInt8] = []
    for index in path.indices { bytes.append(path[index]) }
    let link = try Self.connect(to: bytes)
    origin = .named(bytes)
    self.link = consume link
  }

  /// Starts a helper, and waits until it serves. It ends with this value.
  ///
  /// - Throws: ``Failure/noHelper(_:)``, such as with ``Loss/start(_:)``, or ``Loss/ended(_:)`` where the helper
  ///   refuses its options, for a reason that is on standard error.
  public init(starting program: HelperProgram) throws(Failure) {
    var starts = StartLimit()
    let link = try Self.start(program, limit: &starts)
    origin = .program(program)
    self.starts = starts
    self.link = consume link
  }

  /// Ends the connection and, where the client started it, the helper. So does the end of this value's life.
  ///
  /// The helper has two seconds to finish a request; then it is killed.
  public consuming func close() {}

  /// The process id of the helper, where the client started one and hasn't noticed that it is lost.
  public var processIdentifier: Int32? {
    switch link {
    case .some(let link):
      switch link.process {
      case .some(let process): process.identifier
      case nil: nil
      }
    case nil: nil
    }
  }
}

// Requests and replies.
extension ProxyClient {
  /// The payload of the last reply, after ``ask(_:)`` returned ``ProxyConnection/Outcome/payload``.
  var payload: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      switch link {
      case .some(let link): link.connection.payload
      case nil: Span()
      }
    }
  }

  /// Sends a request, to a new helper if need be, and waits for its reply; a payload is then in ``payload``.
  mutating func ask(_ request: borrowing Request) throws(Failure) -> ProxyConnection.Outcome {
    var hasLooked = false
    while true {
      if link == nil {
        link = try reopen()
        hasLooked = true
      }
      do throws(ProxyConnection.Failure) {
        guard let outcome = try link?.connection.exchange(request) else { throw .closed }
        return outcome
      } catch .unencodable {
        throw .refused(request.tooLong)
      } catch .unread {
        lose(.unread)
        if hasLooked || isAdopted { throw .noHelper(loss) }
      } catch {
        lose(error)
        throw .lost(loss)
      }
    }
  }

  /// Drops the helper, whose reply is malformed.
  mutating func refuseAnswer() -> Failure {
    lose(.nonsense)
    return .lost(loss)
  }

  private var isAdopted: Bool {
    if case .adopted = origin { true } else { false }
  }

  /// Ends the link, and the helper where the client started it.
  private mutating func lose(_ failure: ProxyConnection.Failure) {
    loss = Loss(failure)
    guard let link = link.take() else { return }
    // One that closed is about to end, and its exit status says why.
    let status = link.end(timeout: loss == .closed ? 500 : 0)
    if loss == .closed, let status { loss = .ended(status) }
  }

  private mutating func reopen() throws(Failure) -> HelperLink {
    switch origin {
    case .adopted: throw .noHelper(loss)
    case .named(let path): return try Self.connect(to: path)
    case .program(let program): return try Self.start(program, limit: &starts)
    }
  }
}

// Starting a helper, and connecting to one.
extension ProxyClient {
  private static func connect(to path: [UInt8]) throws(Failure) -> HelperLink {
    let path = path.span
    guard !path.isEmpty, !path.holdsNUL else { throw .noHelper(.connect(.invalidArgument)) }
    do throws(Errno) {
      return HelperLink(ProxyConnection(adopting: try UnixSocket.connect(path: path)))
    } catch {
      throw .noHelper(.connect(error))
    }
  }

  /// Starts a helper, and waits until it has replied to a request that changes nothing.
  private static func start(_ program: HelperProgram, limit starts: inout StartLimit) throws(Failure) -> HelperLink {
    guard starts.permits(at: MonotonicTime.now) else { throw .noHelper(.tooManyStarts) }
    var link: HelperLink
    do throws(Errno) {
      let pair = try SocketPair()
      let process = try ChildProcess(words: program.words.span, passing: pair.theirs, patience: endTimeout)
      link = HelperLink(ProxyConnection(adopting: pair.keep()), process: consume process)
    } catch {
      throw .noHelper(.start(error))
    }
    do throws(ProxyConnection.Failure) {
      try link.connection.setTimeout(seconds: program.startTimeout)
      let root: InlineArray<1, UInt8> = [UInt8(ascii: "/")]
      _ = try link.connection.exchange(.status(path: root.span))
      try link.connection.setTimeout(seconds: 0)
    } catch {
      let loss = Loss(error)
      let status = link.end(timeout: loss == .closed ? endTimeout : 0)
      if loss == .closed, let status { throw .noHelper(.ended(status)) }
      throw .noHelper(loss)
    }
    return link
  }
}

extension Request {
  /// The errno for a request that is too long for a frame.
  fileprivate var tooLong: Errno {
    if case .setAttribute = self { .argListTooLong } else { .fileNameTooLong }
  }
}
