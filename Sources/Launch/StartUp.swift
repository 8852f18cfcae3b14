package import Confinement

/// The start of a server, in the order that leaves the least to a client: everything is given up before there is one.
///
/// Each step throws the stage that failed and why, in a line for the operator.
package protocol StartUp: ~Copyable {
  associatedtype Description
  associatedtype Ending

  /// Opens the exports and the socket, while paths still mean what they mean to the user who gave them.
  init(_ description: Description) throws(StartError)

  /// Decides whose ids files are made with. That may move the process to a user namespace, for which another process of its
  /// user is needed outside: so this comes before a daemon is alone.
  mutating func chooseIdentities() throws(StartError)

  /// Goes on without the terminal, where a daemon was asked for.
  mutating func leaveTerminal() throws(StartError)

  /// Reads what only the host's `/proc` tells, which the sandbox puts out of reach.
  mutating func readLimits() throws(StartError)

  /// Shuts everything out but the exports.
  mutating func enterSandbox() throws(StartError)

  /// Starts the process that speaks with clients, where that is another one.
  mutating func startWorker() throws(StartError)

  /// Gives up all privileges that serving doesn't need, and limits what the process may use.
  mutating func dropPrivileges() throws(StartError)

  /// Gives up all system calls that serving doesn't need.
  mutating func loadFilter() throws(StartError)

  /// Tells the operator, the launcher and the service manager that clients can come.
  mutating func announce() throws(StartError)

  /// Serves until a signal comes or the only client has gone.
  consuming func serve() throws(StartError) -> Ending
}

extension StartUp where Self: ~Copyable {
  /// Starts a server, and serves.
  package static func run(_ description: Description) throws(StartError) -> Ending {
    var server = try Self(description)
    try server.chooseIdentities()
    try server.leaveTerminal()
    try server.readLimits()
    try server.enterSandbox()
    try server.startWorker()
    try server.dropPrivileges()
    try server.loadFilter()
    try server.announce()
    return try server.serve()
  }
}
