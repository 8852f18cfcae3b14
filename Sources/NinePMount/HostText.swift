internal import Linux
internal import SystemPackage

/// What `/proc`, `/sys` and `/etc` tell of the machine.
enum HostText {
  /// The contents of a file; nil if it can't be read.
  static func read(_ path: String) -> String? {
    var bytes: [UInt8] = []
    do throws(Errno) {
      try HostFile.read(path, into: &bytes, most: 1 << 16)
    } catch {
      return nil
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The bytes of an attribute in `/sys`, without what ends it; nil if there is none.
  static func attribute(_ path: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    do throws(Errno) {
      try HostFile.read(path, into: &bytes, most: 1 << 16)
    } catch {
      return nil
    }
    return Array(bytes.prefix { $0 != 0 && $0 != UInt8(ascii: "\n") })
  }

  static func exists(_ path: String) -> Bool {
    do throws(Errno) {
      _ = try SocketFile.status(HostPath(lasting: path))
      return true
    } catch {
      return false
    }
  }

  /// The names in a directory, sorted; none if there is no such directory.
  static func names(in path: String) -> [String] {
    var names: [String] = []
    do throws(Errno) {
      var dot = Path()
      try dot.set(HostPath(".").bytes)
      let directory = try Descriptor.directory(HostPath(lasting: path).bytes).open(dot, flags: .readOnly | .directory)
      var buffer = Buffer(capacity: 1 << 15)
      while true {
        var room = buffer.mutableSpan(0..<buffer.capacity)
        let count = try directory.getdents64(into: &room)
        guard count > 0 else { break }
        var entries = KernelEntries(buffer.span(0..<count))
        while let entry = entries.next() {
          let name = String(decoding: entry.name.indices.map { entry.name[$0] }, as: UTF8.self)
          if !name.hasPrefix(".") { names.append(name) }
        }
      }
    } catch {
      // What was read is all there is.
    }
    return names.sorted()
  }
}
