/// The state of a socket's input.
package enum PeekedSocket: Sendable {
  case nothing, something
  /// The peer has closed the socket, or shut down its sending side.
  case closed
}
