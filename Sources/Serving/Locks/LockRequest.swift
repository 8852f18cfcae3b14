package import NinePProtocol

/// A range of a file to be locked or unlocked, and the owner it is for.
package struct LockRequest {
  package let device: UInt64
  package let inode: UInt64
  /// The session's number in the table.
  package let session: Int32
  /// The client's name for itself. Processes of two names are two owners.
  package let client: ClientName
  package let process: UInt32
  /// The fid that the lock is taken through.
  package let fid: Fid
  package var kind: Lock.Kind
  /// The first byte.
  package let first: UInt64
  /// The byte behind the last, or the largest number where it reaches to the end of the file.
  package let end: UInt64
  /// Whether it waits until the lock is free.
  package var waits: Bool

  package init(
    device: UInt64, inode: UInt64, session: Int32, client: ClientName, process: UInt32, fid: Fid, kind: Lock.Kind,
    first: UInt64, end: UInt64, waits: Bool = false
  ) {
    self.device = device
    self.inode = inode
    self.session = session
    self.client = client
    self.process = process
    self.fid = fid
    self.kind = kind
    self.first = first
    self.end = end
    self.waits = waits
  }
}

/// A client's name for itself: `client_id`.
package struct ClientName: Equatable {
  /// The first bytes, for `Rgetlock`. A name of Linux's is no longer.
  package private(set) var bytes: InlineArray<64, UInt8> = .init(repeating: 0)
  package private(set) var count = 0
  // Of all bytes, however many. A client that finds two names that are alike in these confuses itself alone.
  private let length: Int
  private let hash: UInt64

  package init(_ name: Span<UInt8>) {
    length = name.count
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in name.indices { hash = (hash ^ UInt64(name[index])) &* 0x100_0000_01b3 }
    self.hash = hash
    count = min(name.count, bytes.count)
    for index in 0..<count { bytes[index] = name[index] }
  }

  package static func == (one: Self, other: Self) -> Bool {
    guard one.length == other.length, one.hash == other.hash else { return false }
    for index in 0..<one.count where one.bytes[index] != other.bytes[index] { return false }
    return true
  }
}

/// A lock that is in the way of another.
package struct LockConflict {
  package let kind: Lock.Kind
  package let first: UInt64
  package let end: UInt64
  package let process: UInt32
  package let client: ClientName

  /// 0 where it reaches to the end of the file.
  package var length: UInt64 { end == .max ? 0 : end - first }
}

/// The answer to a request that was held.
package struct LockAnswer {
  package let writer: ReplyWriter
  package let result: Result

  package enum Result {
    case status(Lock.Status)
    case error(ErrorNumber)
  }

  /// Writes the reply.
  ///
  /// - Returns: its bytes.
  package func put(into buffer: inout MutableSpan<UInt8>) -> Int {
    switch result {
    case .status(let status): writer.lockStatus(status, into: &buffer)
    case .error(let number): writer.error(number, into: &buffer)
    }
  }
}
