public import SystemPackage

extension ProxyClient {
  /// Why a call failed.
  public enum Failure: Error, Equatable, Sendable {
    /// The helper refused with this errno, or the arguments were refused before anything was sent. The connection goes on.
    case refused(Errno)
    /// The connection was lost during the request: the helper may have acted on it, or not.
    case lost(Loss)
    /// There is no helper: the request was certainly not acted on.
    case noHelper(Loss)

    /// The errno for a file-system call that fails for this reason: `EIO` where there is no helper any more.
    public var errno: Errno {
      switch self {
      case .refused(let error): error
      case .lost, .noHelper: .ioError
      }
    }
  }

  /// How a helper was lost.
  public enum Loss: Error, Equatable, Sendable {
    /// It closed the connection.
    case closed
    /// It ended, with this exit status, or 128 and the signal that ended it. Only for a helper that the client started.
    case ended(Int32)
    /// It sent something that isn't a reply to the request.
    case nonsense
    /// The socket failed; with `EAGAIN` where the helper didn't reply in time.
    case socket(Errno)
    /// It can't be started.
    case start(Errno)
    /// It can't be connected to.
    case connect(Errno)
    /// It was started five times within ten seconds; a later call tries again.
    case tooManyStarts
  }
}

extension ProxyClient.Loss {
  init(_ failure: ProxyConnection.Failure) {
    switch failure {
    case .closed, .unread: self = .closed
    case .nonsense, .unencodable: self = .nonsense
    case .socket(let error): self = .socket(Errno(rawValue: error))
    }
  }
}
