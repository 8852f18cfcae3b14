public import Wire

/// The names of a `Twalk`, still in the receive buffer. See walk(5).
///
/// All of them are known to be whole and legal before the first is taken: a walk is refused as a whole.
public struct Names: ~Escapable {
  /// `MAXWELEM`: no walk has more, and a client that needs more walks twice.
  public static let maximumCount = 16

  /// The number of names that are left.
  public private(set) var count: Int
  private var reader: Reader

  /// Checks `count` names, each behind its length, which are all of `packed`.
  ///
  /// - Throws: ``Malformed`` where they aren't, or one of them can't be a name.
  @_lifetime(copy packed)
  public init(count: Int, packed: Span<UInt8>) throws(Malformed) {
    guard (0...Self.maximumCount).contains(count) else { throw .count }
    var reader = Reader(packed)
    for _ in 0..<count { _ = try reader.nameOrDots() }
    try reader.end()
    self.count = count
    self.reader = Reader(packed)
  }

  /// Takes the next step.
  @_lifetime(copy self)
  @_lifetime(self: copy self)
  public mutating func next() -> Step? {
    guard count > 0, let field = try? reader.string() else { return nil }
    count -= 1
    do throws(Name.Fault) {
      return .down(try Name(field))
    } catch {
      // Those that may be neither were refused by the initializer.
      return error == .dot ? .here : .up
    }
  }

  /// A step of a walk.
  public enum Step: ~Escapable {
    /// `.`: the same directory.
    case here
    /// `..`: the parent; of the root, itself. Whether it is the root is for the file to say, not for the names before.
    case up
    /// The entry with this name.
    case down(Name)
  }

  /// Writes a name into `room`, behind those that end at `end`, for ``init(count:packed:)``.
  ///
  /// - Throws: ``Malformed/length`` where it doesn't fit; `end` stays where it was then.
  public static func pack(_ name: Span<UInt8>, into room: inout MutableSpan<UInt8>, end: inout Int) throws(Malformed) {
    var writer = Writer(&room, at: end)
    writer.string(name)
    end = try writer.finish()
  }

  /// The names that are left, as they are on the wire.
  var packed: Span<UInt8> {
    @_lifetime(copy self) get { reader.rest }
  }
}
