internal import CLinux
internal import Export
internal import Glibc
internal import Linux
internal import ProxyServer
internal import ProxyProtocol
internal import SystemPackage

/// Any bytes of a client, served by the whole request loop in a directory of its own.
package enum ServeTarget {
  private static let server = ConfinedServer { (socket: consuming Descriptor, _) throws(Errno) in
    _ = ProxyServer.serve(try PathExport(.unconfined), on: socket)
  }

  package static func run(_ input: Span<UInt8>) {
    var ends: [CInt] = [-1, -1]
    _ = checked(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends), "socketpair")
    let client = Descriptor(adopting: ends[0])
    // All at once and ahead of the server, so that an input does the same each time; what doesn't fit isn't sent.
    let count = input.withUnsafeBufferPointer { bytes in
      bytes.isEmpty ? 0 : checked(send(ends[0], bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT)), "send")
    }
    shutdown(ends[0], CInt(SHUT_WR))
    server.serve(ends[1])
    var replies = Replies(from: client, within: server.root, depth: count / 16 + 4)
    replies.check(against: input.extracting(first: count))
  }
}
