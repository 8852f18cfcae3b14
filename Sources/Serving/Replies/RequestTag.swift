/// The number that a client knows a request by until it is answered: 9P's tag, FUSE's unique.
package struct RequestTag: Equatable, Sendable {
  package let number: UInt64

  package init(number: UInt64) { self.number = number }
}
