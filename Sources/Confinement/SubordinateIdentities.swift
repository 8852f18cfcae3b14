internal import Linux
internal import SystemPackage

extension IdentityMap {
  /// The default map of an ordinary user: the guest's root is the user, and the guest's next ids are the user's subordinate
  /// ones.
  static func ofOrdinaryUser() -> IdentityMap {
    IdentityMap(users: ranges(.user, own: Process.uid), groups: ranges(.group, own: Process.gid))
  }

  private static func ranges(_ kind: IdentityKind, own: UInt32) -> [IdentityRange] {
    guard let first = IdentityRange(guest: 0, host: own, count: 1) else { return [] }
    var ranges = [first]
    SubordinateIdentities.add(of: Process.uid, kind: kind, to: &ranges)
    return ranges
  }
}

/// The host's ids that a user may map in user namespaces, `subuid(5)` and `subgid(5)`.
private enum SubordinateIdentities {
  /// Adds the ranges that a user is granted, as the guest's next ids.
  ///
  /// `getsubids(1)`, which comes with `newuidmap(1)`, asks the configured source, such as LDAP. Without it the source is
  /// `/etc/subuid` or `/etc/subgid`.
  static func add(of uid: UInt32, kind: IdentityKind, to ranges: inout [IdentityRange]) {
    if !addAnswer(of: uid, kind: kind, to: &ranges) { addList(of: uid, kind: kind, to: &ranges) }
  }

  /// Adds the ranges that `getsubids` prints.
  ///
  /// - Returns: false if it prints none.
  private static func addAnswer(of uid: UInt32, kind: IdentityKind, to ranges: inout [IdentityRange]) -> Bool {
    let before = ranges.count
    for user in names(of: uid) + [Array("\(uid)".utf8)[...]] where ranges.count == before {
      let words = kind == .user ? ["getsubids"] : ["getsubids", "-g"]
      var answer: [UInt8] = []
      do throws(Errno) {
        guard try Process.run(words + [String(decoding: user, as: UTF8.self)], into: &answer) == 0 else { continue }
      } catch {
        return false
      }
      // "0: USER FIRST COUNT"
      for line in answer.split(separator: UInt8(ascii: "\n")) {
        let words = line.split(separator: UInt8(ascii: " "))
        if words.count == 4 { add(words[2], count: words[3], to: &ranges) }
      }
    }
    return ranges.count > before
  }

  /// Adds the ranges of a user, by name or number, in the list, if there is one.
  private static func addList(of uid: UInt32, kind: IdentityKind, to ranges: inout [IdentityRange]) {
    var list: [UInt8] = []
    do throws(Errno) {
      try HostFile.read(kind == .user ? "/etc/subuid" : "/etc/subgid", into: &list)
    } catch {
      // A list that can't be read grants nothing.
    }
    let holders = [Array("\(uid)".utf8)[...]] + names(of: uid)
    for line in list.split(separator: UInt8(ascii: "\n")) {
      let fields = fields(of: line)
      if fields.count == 3, holders.contains(fields[0]) { add(fields[1], count: fields[2], to: &ranges) }
    }
  }

  private static func add(_ first: ArraySlice<UInt8>, count: ArraySlice<UInt8>, to ranges: inout [IdentityRange]) {
    let next = ranges.last.map { $0.guest + $0.count } ?? 0
    guard let first = UInt32(decimal: first), let count = UInt32(decimal: count),
      let range = IdentityRange(guest: next, host: first, count: count),
      ranges.count < IdentityMap.maximumRanges, !ranges.contains(where: { $0.overlaps(range) })
    else { return }
    ranges.append(range)
  }

  /// The names of a user in `/etc/passwd`. A static program can't ask the name service.
  private static func names(of uid: UInt32) -> [ArraySlice<UInt8>] {
    var accounts: [UInt8] = []
    do throws(Errno) {
      try HostFile.read("/etc/passwd", into: &accounts)
    } catch {
      return []
    }
    let number = Array("\(uid)".utf8)[...]
    return accounts.split(separator: UInt8(ascii: "\n")).map { fields(of: $0) }
      .filter { $0.count > 2 && $0[2] == number }.map { $0[0] }
  }

  private static func fields(of line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
  }
}

extension UInt32 {
  /// Parses decimal digits and nothing else.
  fileprivate init?(decimal digits: ArraySlice<UInt8>) {
    guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    self.init(String(decoding: digits, as: UTF8.self))
  }
}
