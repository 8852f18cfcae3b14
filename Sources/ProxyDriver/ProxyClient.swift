public import Linux
internal import ProxyProtocol
internal import SystemPackage

/// A directory that a helper exports, by paths: the driver of the proxy protocol.
///
/// Paths are bytes, rooted at the export, without a NUL. Each call waits for the helper's answer. One that may have been
/// acted upon is never asked again, whatever becomes of the helper; one that the helper can't have read is, of the next.
///
/// A helper that was lost is replaced by the next call: started again where the client started it, but not more than
/// five times within ten seconds, and no more than once for a call; or connected to again, once for a call, where it was
/// connected to by name. Descriptors that it handed out stay their holders', and go on.
///
/// Clients share nothing: several of them are several helpers. One client is one thread's at a time.
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

  /// How long a helper may take to end, in milliseconds, once its connection has: it may have a request to finish.
  private static let patience = 2000

  /// Speaks to the helper at the other end of a connected stream socket, which blocks. Once lost it stays so.
  public init(adopting socket: consuming Descriptor) {
    origin = .adopted
    link = HelperLink(ProxyConnection(adopting: socket))
  }

  /// Connects to a helper that waits on a Unix-domain socket.
  ///
  /// - Throws: ``Failure/noHelper(_:)`` with ``Loss/connect(_:)``.
  public init(connectingTo path: Span<UInt8>) throws(Failure) {
    var bytes: [UInt8] = []
    for index in path.indices { bytes.append(path[index]) }
    let link = try Self.connect(to: bytes)
    origin = .named(bytes)
    self.link = consume link
  }

  /// Starts a helper, which ends with this value, and waits until it serves.
  ///
  /// - Throws: ``Failure/noHelper(_:)``, such as with ``Loss/start(_:)``, or ``Loss/ended(_:)`` where the helper doesn't
  ///   take its options; it has said why on standard error.
  public init(starting program: HelperProgram) throws(Failure) {
    var starts = StartLimit()
    let link = try Self.start(program, &starts)
    origin = .program(program)
    self.starts = starts
    self.link = consume link
  }

  /// Ends the connection and, where the client started it, the helper. So does the end of this value.
  ///
  /// The helper may take two seconds to finish what it is at; then it is killed.
  public consuming func close() {}

  /// The number of the helper's process, where the client started one and hasn't noticed that it is lost.
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

// Asking.
extension ProxyClient {
  /// The answer to the last request, after ``ask(_:)`` said that there is one.
  var payload: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      switch link {
      case .some(let link): link.connection.payload
      case nil: Span()
      }
    }
  }

  /// Sends a request, to a new helper if need be, and waits for its answer; ``payload`` has it where it is more than that.
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
      } catch .unsayable {
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

  /// The helper's answer makes no sense.
  mutating func refuseAnswer() -> Failure {
    lose(.nonsense)
    return .lost(loss)
  }

  private var isAdopted: Bool {
    if case .adopted = origin { true } else { false }
  }

  /// Ends the link, and what is at its other end.
  private mutating func lose(_ failure: ProxyConnection.Failure) {
    loss = Loss(failure)
    guard let link = link.take() else { return }
    // One that closed is about to end, and its exit status says why.
    let status = link.end(patience: loss == .closed ? 500 : 0)
    if loss == .closed, let status { loss = .ended(status) }
  }

  private mutating func reopen() throws(Failure) -> HelperLink {
    switch origin {
    case .adopted: throw .noHelper(loss)
    case .named(let path): return try Self.connect(to: path)
    case .program(let program): return try Self.start(program, &starts)
    }
  }
}

// Getting a helper.
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

  /// Starts a helper, and asks it something that changes nothing: only one that answers is taken.
  private static func start(_ program: HelperProgram, _ starts: inout StartLimit) throws(Failure) -> HelperLink {
    guard starts.permits(at: MonotonicTime.now) else { throw .noHelper(.tooManyStarts) }
    var link: HelperLink
    do throws(Errno) {
      let pair = try SocketPair()
      let process = try ChildProcess(words: program.words.span, passing: pair.theirs, patience: patience)
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
      let status = link.end(patience: loss == .closed ? patience : 0)
      if loss == .closed, let status { throw .noHelper(.ended(status)) }
      throw .noHelper(loss)
    }
    return link
  }
}

extension Request {
  /// What to say of a request that is too long for a frame.
  fileprivate var tooLong: Errno {
    if case .setAttribute = self { .argListTooLong } else { .fileNameTooLong }
  }
}
