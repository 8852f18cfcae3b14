internal import Confinement
internal import Linux
internal import SystemPackage

/// What the monitor and the worker know of each other's state, by the socket between them.
enum WorkerReadiness {
  private static let ready: InlineArray<1, UInt8> = [1]
  private static let notReady: InlineArray<1, UInt8> = [0]

  /// Tells the monitor, once, whether the worker is ready for clients.
  static func tell(isReady: Bool, on socket: borrowing Descriptor) throws(Errno) {
    let word = isReady ? ready : notReady
    try socket.sendPacket(word.span, with: PassedDescriptors())
  }

  /// Waits for the worker.
  ///
  /// - Returns: whether it is ready; else it has logged why not.
  /// - Throws: `ECONNRESET` where it has ended, unless a signal has ended both.
  static func wait(on socket: borrowing Descriptor) throws(Errno) -> Bool {
    var word = notReady
    var passed = ReceivedDescriptors()
    while Process.terminationSignal == nil {
      do throws(Errno) {
        var span = word.mutableSpan
        if try socket.receivePacket(into: &span, descriptors: &passed) > 0 { return word[0] == ready[0] }
      } catch .interrupted {
        continue
      }
      // The signal may only be on its way here.
      Process.sleep(milliseconds: 100)
      if Process.terminationSignal == nil { throw .connectionReset }
    }
    return true
  }

  /// Ends this process, the monitor, when the worker has ended: nobody could be served any more.
  ///
  /// - Parameter socket: the one that the worker takes clients from.
  /// - Throws: `EAGAIN` where there can't be another thread.
  static func watch(_ socket: borrowing Descriptor) throws(Errno) {
    try Thread.start(owning: try socket.duplicate()) { socket in
      // The worker says nothing more.
      _ = Handover.receive(from: socket)
      // A signal may be for both, and only be on its way here.
      Process.sleep(milliseconds: 100)
      guard Process.terminationSignal == nil else { return }
      Log.write(.critical, "the worker has ended")
      Process.end(1)
    }
  }
}
