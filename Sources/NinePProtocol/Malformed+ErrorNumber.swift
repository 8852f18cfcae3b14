public import Wire

extension Malformed {
  /// Returns the error that a malformed request of this type is answered with. For names it is the one that QEMU answers.
  public func errorNumber(for request: RequestType) -> ErrorNumber {
    switch self {
    case .name(let fault): request.errorNumber(for: fault)
    case .truncated, .trailing, .unknown, .count, .value, .embeddedNUL: .invalid
    case .length: .nameTooLong
    }
  }
}

extension RequestType {
  fileprivate func errorNumber(for fault: Name.Fault) -> ErrorNumber {
    switch self {
    case .xattrwalk, .xattrcreate: fault == .tooLong ? .outOfRange : .invalid
    default: errorNumber(forEntry: fault)
    }
  }

  /// The name is an entry's, or the target of a symbolic link.
  private func errorNumber(forEntry fault: Name.Fault) -> ErrorNumber {
    switch fault {
    case .empty, .slash: .noEntry
    case .tooLong: .nameTooLong
    case .nul: .invalid
    case .dot, .dotDot: errorNumber(isDotDot: fault == .dotDot)
    }
  }

  private func errorNumber(isDotDot: Bool) -> ErrorNumber {
    switch self {
    case .rename, .renameat: .isDirectory
    case .unlinkat: isDotDot ? .notEmpty : .invalid
    default: .exists
    }
  }
}
