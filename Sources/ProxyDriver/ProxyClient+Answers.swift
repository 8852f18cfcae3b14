internal import Linux
internal import ProxyProtocol
internal import SystemPackage
internal import Wire

// The shapes of answers, each for the requests that have it.
extension ProxyClient {
  /// A request that is answered with whether it succeeded.
  mutating func perform(_ request: borrowing Request) throws(Failure) {
    _ = try number(request)
  }

  /// A request that is answered with a number.
  mutating func number(_ request: borrowing Request) throws(Failure) -> Int {
    switch try ask(request) {
    case .status(let status):
      guard status >= 0 else { throw .refused(Errno(rawValue: -status)) }
      return Int(status)
    default: throw refuseAnswer()
    }
  }

  /// A request that is answered with an open file.
  mutating func descriptor(_ request: borrowing Request) throws(Failure) -> Descriptor {
    switch try ask(request) {
    case .descriptor(let descriptor): return descriptor
    case .status(let status): throw .refused(Errno(rawValue: -status))
    case .payload: throw refuseAnswer()
    }
  }

  /// A request that is answered with a value, of which ``value(_:into:)`` is the place.
  mutating func answer(_ request: borrowing Request) throws(Failure) {
    switch try ask(request) {
    case .payload: return
    case .status(let status) where status < 0: throw .refused(Errno(rawValue: -status))
    default: throw refuseAnswer()
    }
  }

  /// A request that is answered with bytes, which are put at the buffer's front.
  ///
  /// The helper was asked for `most`; that it sends more is nonsense.
  /// - Returns: how many bytes there are, also where they are more than the buffer has room for, which is left alone then.
  mutating func value(
    _ request: borrowing Request, most: Int, into buffer: inout MutableSpan<UInt8>
  ) throws(Failure) -> Int {
    try answer(request)
    let count: Int
    do throws(Malformed) {
      let value = try Reply.value(payload)
      count = value.count
      if count <= buffer.count {
        for index in value.indices { buffer[index] = value[index] }
      }
    } catch {
      throw refuseAnswer()
    }
    guard count <= most else { throw refuseAnswer() }
    return count
  }
}
