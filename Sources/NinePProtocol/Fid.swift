/// The client's number for a file. The client chooses it; 0 is one.
package struct Fid: RawRepresentable, Hashable, Sendable {
  /// The number on the wire.
  package let rawValue: UInt32

  /// A fid of this number.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// `NOFID`, which is no file's: in ``Request/attach(fid:authentication:userName:tree:user:)``, no authentication.
  package static let none = Fid(rawValue: .max)
}
