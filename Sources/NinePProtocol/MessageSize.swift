/// The rules of `msize`, the most bytes of a message. See version(5).
public enum MessageSize {
  /// Linux refuses a smaller one. A `Tversion` that asks for less is answered with ``ErrorNumber/messageSize``.
  public static let smallest: UInt32 = 4096
  /// The `msize` until a version is agreed upon.
  public static let beforeVersion: UInt32 = 8192
  /// The bytes that clients keep free for the header of a read or write, `P9_IOHDRSZ`. The headers need 23 bytes at most.
  public static let headerRoom: UInt32 = 24
  /// A Linux client has this much room for an `Rreadlink`.
  private static let targetRoom: UInt32 = 8192

  /// Returns the `msize` that a server which takes messages up to `own` answers a client that asks for `requested`, or nil
  /// when that is too little.
  public static func agreed(requested: UInt32, own: UInt32) -> UInt32? {
    let size = min(requested, own)
    return size < smallest ? nil : size
  }

  /// Returns how many of the `count` bytes that a `Tread` or `Treaddir` asks for fit into a reply. It never has all of
  /// `messageSize`: older Linux clients hang up on that.
  public static func data(_ count: UInt32, within messageSize: UInt32) -> Int {
    Int(clamping: min(count, messageSize - min(messageSize, headerRoom)))
  }

  /// Returns the longest target that an `Rreadlink` can bring to a Linux client, in bytes.
  public static func target(within messageSize: UInt32) -> Int {
    let room = min(messageSize - min(messageSize, 1), targetRoom)
    return max(0, Int(clamping: room) - Frame.targetOffset)
  }
}
