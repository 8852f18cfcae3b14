/// A range of a file to be locked or unlocked, and the owner it is for.
package struct LockRequest {
  package let device: UInt64
  package let inode: UInt64
  /// The session's number in the table.
  package let session: Int32
  package let client: LockClient
  package let process: UInt32
  /// The client's number of the open file that the lock is taken through.
  package let handle: UInt64
  package var kind: LockKind
  /// The first byte.
  package let first: UInt64
  /// The byte after the last, or the largest number if the range reaches to the end of the file.
  package let end: UInt64
  /// The request waits until the lock is free.
  package var waits: Bool

  package init(
    device: UInt64, inode: UInt64, session: Int32, client: LockClient, process: UInt32, handle: UInt64, kind: LockKind,
    first: UInt64, end: UInt64, waits: Bool = false
  ) {
    self.device = device
    self.inode = inode
    self.session = session
    self.client = client
    self.process = process
    self.handle = handle
    self.kind = kind
    self.first = first
    self.end = end
    self.waits = waits
  }
}
