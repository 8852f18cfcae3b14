import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// A host's `/proc` that is mounted below the export, as in the tree of a container: its links lead anywhere, whatever
  /// stands in a path's way.
  @Suite struct ProcessFilesTests {
    /// Calls `body` with an export that has the host's `/proc` in it.
    private func withProcessFiles(_ start: Start, _ body: (Place, borrowing Peer) throws -> Void) throws {
      let place = try Place(start)
      let proc = place.export + "/proc"
      try place.make(proc)
      let peer = try place.serve {
        try check(mount("/proc", proc, nil, UInt(Glibc.MS_BIND), nil), "mount")
      }
      defer { umount2(proc, CInt(MNT_DETACH)) }
      try body(place, peer)
    }

    /// The helper's own links are of what it has: its root, its working directory and its descriptors.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.all)
    func theHelpersOwnLeadNowhere(start: Start) throws {
      try withProcessFiles(start) { (place: Place, peer: borrowing Peer) throws in
        let numbers = (0..<64).map { "fd/\($0)" }
        for link in ["root", "cwd", "task/\(peer.process.identifier)/root"] + numbers {
          for end in ["", "/outside/x", "/../outside/x", place.outside + "/x", "/etc/passwd"] {
            let path = Array("/proc/self/\(link)\(end)".utf8)
            for message in Requests.looking(at: path) {
              let answer = try peer.ask(message)
              #expect(place.leak(answer) == nil, "\(message)")
              if end == "/etc/passwd" { #expect(answer.errno != 0, "\(message): \(answer)") }
            }
          }
        }
        #expect(place.damage() == nil)
        #expect(try peer.isWell())
      }
    }

    /// A process of the host's that runs as the user who is this one in the guest, as most do.
    private func bystander(_ guest: UInt32, _ start: Start) throws -> Spawned {
      let host = guest == 0 ? start.user : start.host(guest)
      return try spawn(
        "/usr/bin/setpriv", ["--reuid=\(host)", "--regid=\(host)", "--clear-groups", "/bin/sleep", "60"])
    }

    /// Requests through the links of other processes: as that user, and as root.
    private func attempt(_ place: Place, _ peer: borrowing Peer) throws -> [String] {
      let processes = try [0, 1234].map { try bystander($0, place.start) }
      for process in processes {
        // It is what it shall be once it runs the program.
        #expect(eventually { readFile("/proc/\(process.identifier)/comm") == "sleep\n" })
      }
      var leaks: [String] = []
      for number in processes.map(\.identifier) + [1, getpid()] {
        for link in ["root", "cwd"] {
          let path = "/proc/\(number)/\(link)" + place.outside + "/x"
          let bytes = Array(path.utf8)
          let messages: [Message] = [
            .create(path, O_RDWR | O_CREAT, uid: 1234, gid: 1234), .create(path, O_RDWR, uid: 1234, gid: 1234),
            .create(path, O_RDWR | O_CREAT),
          ]
          for message in Requests.looking(at: bytes) + messages {
            if place.leak(try peer.ask(message)) != nil { leaks.append("\(message)") }
          }
        }
      }
      return leaks
    }

    /// The kernel lets nobody in a user namespace look at processes outside of it.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.rootless)
    func thoseOfOthersLeadNowhereWithoutRoot(start: Start) throws {
      try withProcessFiles(start) { (place: Place, peer: borrowing Peer) throws in
        let leaks = try attempt(place, peer)
        #expect(leaks.isEmpty, "\(leaks)")
        #expect(place.damage() == nil)
      }
    }

    /// Making something as a user, root's helper has that user's right to look at the user's processes, whose root is the
    /// host's: `/proc` must not be shared by it, as the manual says.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.asRoot)
    func thoseOfOthersLeadOutsideAsRoot(start: Start) throws {
      try withProcessFiles(start) { (place: Place, peer: borrowing Peer) throws in
        let leaks = try attempt(place, peer)
        #expect(!leaks.isEmpty)
        print("\(start), with /proc in the export, leads outside:", leaks)
      }
    }
  }
}
