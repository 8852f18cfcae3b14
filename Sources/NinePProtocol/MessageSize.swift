/// What `msize`, the most bytes that a message may have, is and allows. See version(5).
package enum MessageSize {
  /// Linux refuses a smaller one. A `Tversion` that asks for less is answered with ``ErrorNumber/messageSize``.
  package static let smallest: UInt32 = 4096
  /// What holds until a version is agreed upon.
  package static let beforeVersion: UInt32 = 8192
  /// What clients keep free for the header of a read or write, `P9_IOHDRSZ`. The headers need 23 bytes at most.
  package static let headerRoom: UInt32 = 24
  /// A Linux client has this much room for an `Rreadlink`.
  private static let targetRoom: UInt32 = 8192

  /// What a server that takes messages up to `own` answers one who asks for `requested`; nil where that is too little.
  package static func agreed(requested: UInt32, own: UInt32) -> UInt32? {
    let size = min(requested, own)
    return size < smallest ? nil : size
  }

  /// How many of the `count` bytes that a `Tread` or `Treaddir` asks for fit into a reply. It never has all of
  /// `messageSize`: older Linux clients hang up on that.
  package static func data(_ count: UInt32, within messageSize: UInt32) -> Int {
    Int(clamping: min(count, messageSize - min(messageSize, headerRoom)))
  }

  /// The longest target that an `Rreadlink` can bring to a Linux client, in bytes.
  package static func target(within messageSize: UInt32) -> Int {
    let room = min(messageSize - min(messageSize, 1), targetRoom)
    return max(0, Int(clamping: room) - Frame.targetOffset)
  }
}
