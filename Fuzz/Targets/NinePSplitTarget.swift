internal import Export
internal import Linux
internal import Monitor
internal import MonitoredExport
internal import NinePServer
internal import Serving
internal import SystemPackage

/// The requests of ``NinePServeTarget``, served in two halves, as root's server does for a client that isn't believed.
///
/// They come at once, so that one depends on another. Where the halves lose step, or a descriptor is sent that has been
/// closed, the session is lost, and requests are left without a reply.
package enum NinePSplitTarget {
  private static let locks = LockTable()
  private static let server = ConfinedServer { (socket: consuming Descriptor, links) throws(Errno) in
    let root = try Descriptor.workingDirectory()
    let links = try links.enter()
    var ends = try PacketSocketPair()
    var life = try PacketSocketPair()
    guard let ours = ends.takeEnd(), let theirs = ends.takeEnd(), let end = life.takeEnd(), let life = life.takeEnd()
    else { throw .badFileDescriptor }
    try Thread.start(owning: OtherHalf(root: try root.duplicate(), links: links, socket: theirs, life: life)) { half in
      half.serve()
    }
    let terms = NinePServer.Terms(
      authority: .trusted, trees: .one([]), descriptors: DescriptorBudget(50, clients: 1),
      memory: MemoryBudget(16 << 20, clients: 1),
      threads: ThreadBudget(4), locks: locks)
    let files = try MonitoredExport(try ExportTree(root, boundary: .checked), monitor: ours, looksItself: false)
    if NinePServer.serve(files, on: socket, terms: terms) == .lost { violated("the halves have lost each other") }
    // The next input finds the directory as it is left.
    waitForEnd(of: end)
  }

  private static func waitForEnd(of socket: borrowing Descriptor) {
    var byte: InlineArray<1, UInt8> = [0]
    var span = byte.mutableSpan
    var received = ReceivedDescriptors()
    _ = try? socket.receivePacket(into: &span, descriptors: &received)
  }

  package static func run(_ input: Span<UInt8>) {
    NinePServeTarget.run(input, on: server)
  }
}

/// The half with privilege, on a thread that sees what the other's sees.
private struct OtherHalf: ~Copyable, Sendable {
  let root: Descriptor
  let links: DescriptorLinks.Entered
  let socket: Descriptor
  /// Its other end sees that the thread is done.
  let life: Descriptor

  consuming func serve() {
    let life = life
    let socket = socket
    let links = links
    do throws(Errno) {
      let ending = Monitor.serve(
        try Export(try ExportTree(root, boundary: .checked), links: links, readOnly: false), on: socket)
      if ending != .closed { violated("the half with privilege: \(ending)") }
    } catch {
      violated("no export: \(error)")
    }
    _ = consume life
  }
}
