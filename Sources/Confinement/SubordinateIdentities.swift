internal import Linux
internal import SystemPackage

extension IdentityMap {
  /// What an ordinary user has without asking for it: the guest's root is the user, who owns the guest's other ids too.
  static func ofOrdinaryUser() -> IdentityMap {
    IdentityMap(users: ranges(.user, own: Process.uid), groups: ranges(.group, own: Process.gid))
  }

  private static func ranges(_ kind: IdentityKind, own: UInt32) -> [IdentityRange] {
    guard let first = IdentityRange(guest: 0, host: own, count: 1) else { return [] }
    var ranges = [first]
    SubordinateIdentities.add(of: Process.uid, kind, to: &ranges)
    return ranges
  }
}

/// The host's ids that a user may hand out in user namespaces, `subuid(5)` and `subgid(5)`.
private enum SubordinateIdentities {
  /// Adds the ranges that `/etc/subuid` or `/etc/subgid` grants a user, by name or number, as the guest's next ids.
  ///
  /// Nothing is added where there is no such file.
  static func add(of uid: UInt32, _ kind: IdentityKind, to ranges: inout [IdentityRange]) {
    var list: [UInt8] = []
    var passwords: [UInt8] = []
    do throws(Errno) {
      try HostFile.read(kind == .user ? "/etc/subuid" : "/etc/subgid", into: &list)
      try HostFile.read("/etc/passwd", into: &passwords)
    } catch {
      // What can't be read grants nothing.
    }
    let number = Array("\(uid)".utf8)[...]
    // A static program can't ask the name service.
    let names = passwords.split(separator: UInt8(ascii: "\n")).lazy
      .map { fields(of: $0) }.filter { $0.count > 2 && $0[2] == number }.map { $0[0] }
    let holders = [number] + names
    for line in list.split(separator: UInt8(ascii: "\n")) {
      let fields = fields(of: line)
      guard fields.count == 3, holders.contains(fields[0]),
        let first = UInt32(decimal: fields[1]), let count = UInt32(decimal: fields[2])
      else { continue }
      let next = ranges.last.map { $0.guest + $0.count } ?? 0
      guard let range = IdentityRange(guest: next, host: first, count: count),
        ranges.count < IdentityMap.maximumRanges, !ranges.contains(where: { $0.overlaps(range) })
      else { continue }
      ranges.append(range)
    }
  }

  private static func fields(of line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
  }
}

extension UInt32 {
  /// Decimal digits, and nothing else.
  fileprivate init?(decimal digits: ArraySlice<UInt8>) {
    guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    self.init(String(decoding: digits, as: UTF8.self))
  }
}
