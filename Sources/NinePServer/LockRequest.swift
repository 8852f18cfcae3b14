import NinePProtocol

/// A range of a file to be locked or unlocked, and the owner it is for.
struct LockRequest {
  let device: UInt64
  let inode: UInt64
  /// The session's number in the table.
  let session: Int32
  /// The client's name for itself. Processes of two names are two owners.
  let client: ClientName
  let process: UInt32
  /// The fid that the lock is taken through.
  let fid: Fid
  var kind: Lock.Kind
  /// The first byte.
  let first: UInt64
  /// The byte behind the last, or the largest number where it reaches to the end of the file.
  let end: UInt64
  /// Whether it waits until the lock is free.
  var waits = false
}

/// A client's name for itself: `client_id`.
struct ClientName: Equatable {
  /// The first bytes, for `Rgetlock`. A name of Linux's is no longer.
  private(set) var bytes: InlineArray<64, UInt8> = .init(repeating: 0)
  private(set) var count = 0
  // Of all bytes, however many. A client that finds two names that are alike in these confuses itself alone.
  private let length: Int
  private let hash: UInt64

  init(_ name: Span<UInt8>) {
    length = name.count
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01b3 }
    self.hash = hash
    count = min(name.count, bytes.count)
    for index in 0..<count { bytes[index] = name[index] }
  }

  static func == (one: Self, other: Self) -> Bool {
    guard one.length == other.length, one.hash == other.hash else { return false }
    for index in 0..<one.count where one.bytes[index] != other.bytes[index] { return false }
    return true
  }
}

/// A lock that is in the way of another.
struct LockConflict {
  let kind: Lock.Kind
  let first: UInt64
  let end: UInt64
  let process: UInt32
  let client: ClientName

  /// 0 where it reaches to the end of the file.
  var length: UInt64 { end == .max ? 0 : end - first }
}

/// The answer to a request that was held.
struct LockAnswer {
  let writer: ReplyWriter
  let result: Result

  enum Result {
    case status(Lock.Status)
    case error(ErrorNumber)
  }

  /// Writes the reply.
  ///
  /// - Returns: its bytes.
  func put(into buffer: inout MutableSpan<UInt8>) -> Int {
    switch result {
    case .status(let status): writer.lockStatus(status, into: &buffer)
    case .error(let number): writer.error(number, into: &buffer)
    }
  }
}
