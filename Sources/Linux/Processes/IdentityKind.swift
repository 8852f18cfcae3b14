/// Users or groups: a user namespace maps each by a file of its own.
package enum IdentityKind: Sendable {
  case user, group

  /// The name of the map's file in `/proc/PID`.
  var mapName: String { self == .user ? "uid_map" : "gid_map" }
}
