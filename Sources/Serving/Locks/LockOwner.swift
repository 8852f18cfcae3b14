/// The owner of a lock: a process of a client.
struct LockOwner: Equatable {
  let session: Int32
  /// The number of the client's name among those of the session.
  let client: Int32
  let process: UInt32
}
