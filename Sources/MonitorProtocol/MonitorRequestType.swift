/// The table of requests: their numbers on the wire, their fields in order, and what each is answered with.
///
/// `name` is a ``Name``; strings have a length of 16 bits; `owner` is `uid[4] gid[4]`, and a flag has 4 bytes. Requests that
/// change something are answered with ``MonitorReply/done``, if nothing else is said.
public enum MonitorRequestType: UInt32, CaseIterable, Sendable {
  /// `name`; answered with a descriptor.
  case find = 64
  /// No field; answered with a descriptor.
  case parent
  /// `flags[4] isRoot`; answered with a descriptor.
  case open
  /// `flags[4] mode[4] owner name`; answered with a descriptor.
  case create
  /// `mode[4] owner name`; answered with a status.
  case makeDirectory
  /// `mode[4] device[8] owner name`; answered with a status.
  case makeNode
  /// `owner name target[s]`; answered with a status.
  case makeSymbolicLink
  /// `name`; about two objects.
  case link
  /// `oldName newName`; about two objects.
  case rename
  /// `isDirectory name`.
  case remove
  /// ``MonitorRequest/Change``.
  case change
  /// `size[4] name[s]`; answered with a value.
  case getAttribute
  /// `size[4]`; answered with a value.
  case listAttributes
  /// `flags[4] name[s]`, and the value to the request's end.
  case setAttribute
  /// `name[s]`.
  case removeAttribute
  /// No field.
  case removeObject
  /// `newName`; about two objects.
  case renameObject

  /// The request is about two objects rather than one.
  public var isAboutTwo: Bool {
    switch self {
    case .link, .rename, .renameObject: true
    case .find, .parent, .open, .create, .makeDirectory, .makeNode, .makeSymbolicLink, .remove, .change, .getAttribute,
      .listAttributes, .setAttribute, .removeAttribute, .removeObject:
      false
    }
  }
}
