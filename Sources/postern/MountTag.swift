import ArgumentParser

/// The argument of `--tag`: the name that a guest finds a virtio-9p device by.
struct MountTag {
  let bytes: [UInt8]

  /// The most bytes: the configuration space that QEMU is told to ask for has 64, two of which are the length.
  static let longest = 62

  init(argument: String) throws {
    bytes = Array(argument.utf8)
    guard (1...Self.longest).contains(bytes.count) else { throw Misuse("say a name of 1 to \(Self.longest) bytes") }
    guard !bytes.contains(UInt8(ascii: "/")) else { throw Misuse("it can't contain a slash") }
  }
}
