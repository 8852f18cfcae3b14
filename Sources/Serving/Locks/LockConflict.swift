/// A lock that is in the way of another.
package struct LockConflict {
  package let kind: LockKind
  package let first: UInt64
  package let end: UInt64
  package let process: UInt32
  package let client: LockClient

  /// The number of bytes; 0 if the lock reaches to the end of the file.
  package var length: UInt64 { end == .max ? 0 : end - first }
}
