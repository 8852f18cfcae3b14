import Wire

extension MonitorRequest {
  /// A change of an object's status, applied in this order; nil leaves a field as it is.
  ///
  /// On the wire: `given[4] owner mode[4] size[8] atime[16] mtime[16]`; bits of `given` say which fields mean something.
  public struct Change: Equatable, Sendable {
    /// The owner; `UInt32.max` leaves the user or the group as it is.
    public var owner: Owner?
    /// The permission bits.
    public var mode: UInt32?
    /// The size in bytes.
    public var size: Int64?
    /// The change is made by the guest's root, so that set-id bits stay.
    public var isRoot = false
    /// The times.
    public var times: Times?

    /// Creates no change.
    public init() {}

    /// Both times, as `utimensat(2)` takes them.
    public struct Times: Equatable, Sendable {
      /// The last access.
      public let access: MonitorTime
      /// The last modification of the contents.
      public let modification: MonitorTime

      /// Creates these two.
      public init(access: MonitorTime, modification: MonitorTime) {
        self.access = access
        self.modification = modification
      }
    }

    fileprivate static let ownerBit: UInt32 = 1
    fileprivate static let modeBit: UInt32 = 2
    fileprivate static let sizeBit: UInt32 = 4
    fileprivate static let timesBit: UInt32 = 8
    fileprivate static let isRootBit: UInt32 = 16
  }
}

extension Reader {
  @_lifetime(self: copy self)
  mutating func change() throws(Malformed) -> MonitorRequest.Change {
    typealias Change = MonitorRequest.Change
    var change = Change()
    let given = try u32()
    let (owner, mode, size) = (try owner(), try u32(), try i64())
    let times = Change.Times(access: try time(), modification: try time())
    if given & Change.ownerBit != 0 { change.owner = owner }
    if given & Change.modeBit != 0 { change.mode = mode }
    if given & Change.sizeBit != 0 { change.size = size }
    if given & Change.timesBit != 0 { change.times = times }
    change.isRoot = given & Change.isRootBit != 0
    return change
  }
}

extension Writer {
  @_lifetime(self: copy self)
  mutating func change(_ change: MonitorRequest.Change) {
    typealias Change = MonitorRequest.Change
    var given: UInt32 = 0
    if change.owner != nil { given |= Change.ownerBit }
    if change.mode != nil { given |= Change.modeBit }
    if change.size != nil { given |= Change.sizeBit }
    if change.times != nil { given |= Change.timesBit }
    if change.isRoot { given |= Change.isRootBit }
    let none = MonitorTime(seconds: 0, nanoseconds: 0)
    u32(given)
    owner(change.owner ?? MonitorRequest.Owner(uid: 0, gid: 0))
    u32(change.mode ?? 0)
    i64(change.size ?? 0)
    time(change.times?.access ?? none)
    time(change.times?.modification ?? none)
  }
}
