internal import Linux

/// A connection to a helper, and its process where the client started it: both end with this value.
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

  /// Ends the helper: by the end of its connection, then by SIGKILL.
  ///
  /// - Parameter timeout: milliseconds that it has to end by itself.
  /// - Returns: its exit status, or 128 and the signal that ended it; nil where the client didn't start it.
  borrowing func end(timeout: Int) -> Int32? {
    connection.shutDown()
    switch process {
    case .some(let process):
      if let status = process.wait(milliseconds: timeout) { return status }
      process.kill()
      return process.wait(milliseconds: 1000)
    case nil: return nil
    }
  }
}
