internal import Linux

/// A connection to a helper, and the helper itself where it is ours to end: it ends with this value.
struct HelperLink: ~Copyable {
  var connection: ProxyConnection
  let process: ChildProcess?

  init(_ connection: consuming ProxyConnection, process: consuming ChildProcess? = nil) {
    self.connection = connection
    self.process = process
  }

  deinit {
    // The helper leaves at the end of its connection, and the process waits for that.
    connection.shutDown()
  }

  /// Ends the helper, unless it has ended, without waiting for what it is at.
  ///
  /// - Parameter patience: how long it may take to leave by itself, in milliseconds.
  /// - Returns: its exit status, or 128 and the signal that ended it; nil where it isn't ours.
  borrowing func end(patience: Int) -> Int32? {
    connection.shutDown()
    switch process {
    case .some(let process):
      if let status = process.wait(milliseconds: patience) { return status }
      process.kill()
      return process.wait(milliseconds: 1000)
    case nil: return nil
    }
  }
}
