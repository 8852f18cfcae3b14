/// What a name has to be, by what is done with it; and what it is answered with if it isn't.
///
/// Every name of every request passes here, so no server has to look at one again. The numbers are those that QEMU
/// answers. A name with a NUL is refused where a C server would read it to the NUL only.
enum NameRule {
  /// A step of a walk. `.` and `..` are allowed.
  case walked
  /// A new name.
  case made
  /// A name before or after a renaming.
  case renamed
  /// A name that goes.
  case removed
  /// A directory's entry, as a server lists it. `.` and `..` are allowed.
  case listed
  /// A symbolic link's target: any path.
  case target
  /// An extended attribute's.
  case attribute
  /// An extended attribute's, or none: all of them.
  case attributes

  /// `NAME_MAX` and `XATTR_NAME_MAX`.
  static let longestName = 255
  /// `PATH_MAX` without the NUL.
  static let longestTarget = 4095

  func check(_ name: Span<UInt8>) throws(Malformed) {
    switch self {
    case .walked, .listed:
      try checkEntry(name)
    case .made:
      try checkEntry(name)
      if name.dots != nil { throw .name(.exists) }
    case .renamed:
      try checkEntry(name)
      if name.dots != nil { throw .name(.isDirectory) }
    case .removed:
      try checkEntry(name)
      switch name.dots {
      case .one: throw .name(.invalid)
      case .two: throw .name(.notEmpty)
      case nil: break
      }
    case .target:
      if name.isEmpty { throw .name(.noEntry) }
      if name.count > Self.longestTarget { throw .name(.nameTooLong) }
      try checkBytes(name)
    case .attribute:
      if name.isEmpty { throw .name(.invalid) }
      try checkAttribute(name)
    case .attributes:
      try checkAttribute(name)
    }
  }

  private func checkEntry(_ name: Span<UInt8>) throws(Malformed) {
    if name.isEmpty { throw .name(.noEntry) }
    if name.count > Self.longestName { throw .name(.nameTooLong) }
    for index in name.indices {
      if name[index] == 0 { throw .name(.invalid) }
      if name[index] == UInt8(ascii: "/") { throw .name(.noEntry) }
    }
  }

  private func checkAttribute(_ name: Span<UInt8>) throws(Malformed) {
    if name.count > Self.longestName { throw .name(.outOfRange) }
    try checkBytes(name)
  }

  private func checkBytes(_ name: Span<UInt8>) throws(Malformed) {
    for index in name.indices where name[index] == 0 { throw .name(.invalid) }
  }
}

/// The names that every directory has.
enum Dots {
  case one
  case two
}

extension Span<UInt8> {
  /// Which of them it is, if any.
  var dots: Dots? {
    let dot = UInt8(ascii: ".")
    switch count {
    case 1 where self[0] == dot: return .one
    case 2 where self[0] == dot && self[1] == dot: return .two
    default: return nil
    }
  }
}
