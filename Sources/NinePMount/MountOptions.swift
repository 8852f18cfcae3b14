package import Linux

/// The argument of `-o`: flags of any mount, options of the kernel's 9P client, and words of `mount(8)` alone.
package struct MountOptions: Sendable {
  package private(set) var flags: MountFlags = []
  /// The options of the 9P client, such as `cache=mmap`.
  private var words: [[UInt8]] = []

  /// True if a mount that is there is to be changed.
  var isRemount: Bool { flags.contains(.remount) }

  /// Takes lists separated by commas, which don't count between quotes, where a later option overrides an earlier
  /// one; and the name of the export to attach to (`aname=`).
  package init(_ lists: [HostPath], export: HostPath? = nil) throws(MountFailure) {
    if let export {
      guard !Array(export).contains(UInt8(ascii: ",")) else {
        throw .misuse("a mount option can't name \(export): an export's name has no comma")
      }
      words.append(Array("aname=".utf8) + Array(export))
    }
    for list in lists {
      for word in Self.split(Array(list)) { try add(word) }
    }
  }

  private static func split(_ list: [UInt8]) -> [[UInt8]] {
    var (words, word, isQuoted): ([[UInt8]], [UInt8], Bool) = ([], [], false)
    for byte in list {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if byte == UInt8(ascii: ","), !isQuoted {
        words.append(word)
        word = []
      } else {
        word.append(byte)
      }
    }
    return (words + [word]).filter { !$0.isEmpty }
  }

  private mutating func add(_ word: [UInt8]) throws(MountFailure) {
    let text = String(decoding: word, as: UTF8.self)
    if let change = Self.flagChanges[text] {
      flags.subtract(change.clear)
      flags.formUnion(change.set)
      return
    }
    let key = Self.key(of: word)
    if key.hasPrefix("x-") || key.hasPrefix("X-") || Self.userSpaceWords.contains(key) { return }
    guard !["trans", "rfdno", "wfdno"].contains(key) else {
      throw .misuse(
        "\(key)= isn't an option here: the source says which way to go, such as virtio:TAG or tcp:HOST:PORT")
    }
    words.removeAll { Self.key(of: $0) == key }
    words.append(word)
  }

  private static func key(of word: [UInt8]) -> String {
    String(decoding: word.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
  }

  /// The value of an option of the 9P client, if it is given.
  func value(of key: String) -> String? {
    words.last { Self.key(of: $0) == key }.map { String(decoding: $0.dropFirst(key.utf8.count + 1), as: UTF8.self) }
  }

  /// The flags as words, each with a comma behind it.
  var flagWords: [UInt8] {
    let words = Self.pairs.filter { flags.contains($0.flag) }.map { $0.on }
    let others = ["relatime", "strictatime", "remount"].filter {
      Self.flagChanges[$0].map { flags.isSuperset(of: $0.set) } ?? false
    }
    return Array((words + others).map { $0 + "," }.joined().utf8)
  }

  /// Returns the options for the kernel: the source's, and those that were given. `connection` is the number of the
  /// connected socket.
  package func text(for source: MountSource, connection: String) -> [UInt8] {
    if isRemount { return Array(words.joined(separator: [UInt8(ascii: ",")])) }
    var all = source.isDevice ? ["trans=virtio"] : ["trans=fd", "rfdno=\(connection)", "wfdno=\(connection)"]
    for usual in ["version=9p2000.L", "msize=\(source.messageSize)", "access=client"]
    where !words.contains(where: { Self.key(of: $0) == Self.key(of: Array(usual.utf8)) }) {
      all.append(usual)
    }
    return Array((all.map { Array($0.utf8) } + words).joined(separator: [UInt8(ascii: ",")]))
  }

  /// What `mount(8)` and `fstab(5)` have for themselves; the kernel doesn't know it.
  private static let userSpaceWords: Set<String> = [
    "_netdev", "auto", "comment", "defaults", "helper", "noauto", "nofail", "nogroup", "noowner", "nouser", "nousers",
    "uhelper",
  ]

  /// The words that set a flag, and those that clear it.
  private static let pairs: [(on: String, off: String, flag: MountFlags)] = [
    ("ro", "rw", .readOnly), ("nosuid", "suid", .noSetUserID), ("nodev", "dev", .noDevices),
    ("noexec", "exec", .noExecution), ("sync", "async", .synchronous), ("mand", "nomand", .mandatoryLocks),
    ("dirsync", "nodirsync", .synchronousDirectories), ("nosymfollow", "symfollow", .noSymbolicLinks),
    ("noatime", "atime", .noAccessTimes), ("nodiratime", "diratime", .noDirectoryAccessTimes),
    ("silent", "loud", .silent), ("iversion", "noiversion", .inodeVersions), ("lazytime", "nolazytime", .lazyTimes),
  ]

  /// The words that change flags. Words that let users mount take rights away, as `mount(8)` has it.
  private static let flagChanges: [String: (set: MountFlags, clear: MountFlags)] = {
    var changes: [String: (set: MountFlags, clear: MountFlags)] = [
      "relatime": (.relativeAccessTimes, [.noAccessTimes, .strictAccessTimes]),
      "norelatime": ([], .relativeAccessTimes),
      "strictatime": (.strictAccessTimes, [.noAccessTimes, .relativeAccessTimes]),
      "nostrictatime": ([], .strictAccessTimes),
      "remount": (.remount, []),
      "user": ([.noSetUserID, .noDevices, .noExecution], []),
      "users": ([.noSetUserID, .noDevices, .noExecution], []),
      "owner": ([.noSetUserID, .noDevices], []),
      "group": ([.noSetUserID, .noDevices], []),
    ]
    for pair in pairs {
      changes[pair.on] = (pair.flag, [])
      changes[pair.off] = ([], pair.flag)
    }
    return changes
  }()
}
