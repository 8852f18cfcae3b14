/// The requests of QEMU's proxy driver, by their number on the wire.
public enum RequestType: UInt32, CaseIterable, Sendable {
  case open = 2
  case create
  case makeNode
  case makeDirectory
  case makeSymbolicLink
  case link
  case status
  case readLink
  case fileSystemStatus
  case changeMode
  case changeOwner
  case truncate
  case setTimes
  case rename
  case remove
  case getAttribute
  case listAttributes
  case setAttribute
  case removeAttribute
  case getVersion

  /// The shape of the reply, whether the request succeeds, fails, or can't be decoded.
  public var replyForm: ReplyForm {
    switch self {
    case .open, .create: .descriptor
    case .status, .readLink, .fileSystemStatus, .getVersion, .getAttribute, .listAttributes: .response
    default: .status
    }
  }
}

/// The three shapes of a reply.
public enum ReplyForm: Sendable {
  /// A header, then 0 or a negative errno.
  case status
  /// A header, then the answer, or a negative errno.
  case response
  /// Four bytes without a header: a negative errno, or ``Frame/descriptorFollows`` with a descriptor beside it.
  case descriptor
}
