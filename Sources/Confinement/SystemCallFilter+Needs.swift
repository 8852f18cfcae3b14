extension SystemCallFilter {
  /// What a process does while it serves. Each part of a server declares its own needs, and a process has those of its
  /// parts.
  package struct Needs: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    // Sockets.

    /// Accepting clients on a listening socket.
    package static let connections = Needs(rawValue: 1 << 0)
    /// Asking a socket for its peer, and setting options of TCP.
    package static let peers = Needs(rawValue: 1 << 1)
    /// Waiting for a socket with a timeout.
    package static let timeouts = Needs(rawValue: 1 << 2)
    /// Passing descriptors to the client of a stream socket.
    package static let passing = Needs(rawValue: 1 << 3)
    /// Exchanging packets with descriptors with the other half of a split server.
    package static let packets = Needs(rawValue: 1 << 4)
    /// Making a pair of connected sockets for each client, one end of which goes to the other half.
    package static let socketPairs = Needs(rawValue: 1 << 5)
    /// Mapping a guest's memory that a VMM sends, and waiting for its notifications.
    package static let guestMemory = Needs(rawValue: 1 << 13)

    // Files.

    /// Using files by path.
    package static let paths = Needs(rawValue: 1 << 6)
    /// Finding objects, and holding them.
    package static let finding = Needs(rawValue: 1 << 7)
    /// Using objects that are held, beside what is in them: opening, making, renaming, removing and changing them too.
    package static let objects = Needs(rawValue: 1 << 8)
    /// Reading and writing open files, and listing directories.
    package static let contents = Needs(rawValue: 1 << 9)

    // Threads.

    /// Starting threads.
    package static let threads = Needs(rawValue: 1 << 10)
    /// Asking a thread's capabilities, and switching its file-system ids and capabilities from request to request.
    package static let identities = Needs(rawValue: 1 << 11)
    /// Having a thread become a user for good.
    package static let users = Needs(rawValue: 1 << 12)
  }
}
