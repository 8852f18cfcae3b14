public import SystemPackage

extension ProxyClient {
  /// Why a call didn't succeed.
  public enum Failure: Error, Equatable, Sendable {
    /// The helper refuses with this errno, or nothing was asked because it would have to. The connection goes on.
    case refused(Errno)
    /// The helper was lost while it was asked: it may have done what the call is for, or not.
    case lost(Loss)
    /// There is no helper to ask: what the call is for was certainly not done.
    case noHelper(Loss)

    /// What a file-system call could say in its place: `EIO` where there is no helper any more.
    public var errno: Errno {
      switch self {
      case .refused(let error): error
      case .lost, .noHelper: .ioError
      }
    }
  }

  /// What became of a helper.
  public enum Loss: Error, Equatable, Sendable {
    /// It closed the connection.
    case closed
    /// It ended, with this exit status, or 128 and the signal that ended it. Of one that the client started.
    case ended(Int32)
    /// It sent what is no reply.
    case nonsense
    /// The socket failed. `EAGAIN` is said of one that doesn't answer in time.
    case socket(Errno)
    /// It can't be started.
    case start(Errno)
    /// It can't be connected to.
    case connect(Errno)
    /// It was started too often within the last time; a later call tries again.
    case tooManyStarts
  }
}

extension ProxyClient.Loss {
  init(_ failure: ProxyConnection.Failure) {
    switch failure {
    case .closed, .unread: self = .closed
    case .nonsense, .unsayable: self = .nonsense
    case .socket(let error): self = .socket(Errno(rawValue: error))
    }
  }
}
