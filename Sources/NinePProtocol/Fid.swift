/// The client's number for a file. The client chooses it; 0 is one.
public struct Fid: RawRepresentable, Hashable, Sendable {
  /// The number on the wire.
  public let rawValue: UInt32

  /// A fid of this number.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `NOFID`, which is no file's: in ``Request/attach(fid:authentication:userName:tree:user:)``, no authentication.
  public static let none = Fid(rawValue: .max)
}
