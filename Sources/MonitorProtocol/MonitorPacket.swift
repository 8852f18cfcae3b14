/// A packet: requests or replies that go over the socket in one call.
public enum MonitorPacket {
  /// The most bytes of a packet: more than a request or reply with the longest value, and some short ones.
  public static let largest = 2 * largestValue
  /// The most bytes of an extended attribute's value, or of a list of names: Linux's `XATTR_SIZE_MAX`.
  public static let largestValue = 65_536
}
