import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// A host's `/proc` that is mounted below the export, as in the tree of a container: its links lead anywhere, whatever
  /// stands in a path's way. So the namespace sandbox leaves it out.
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
    /// host's. In a namespace of its own it has detached what is mounted there.
    @Test(.enabled(if: hasRoot(), needsRoot), arguments: Start.asRoot)
    func thoseOfOthersLeadOutsideOfAChrootAsRoot(start: Start) throws {
      try withProcessFiles(start) { (place: Place, peer: borrowing Peer) throws in
        let leaks = try attempt(place, peer)
        #expect(leaks.isEmpty == (start.sandbox == "namespace"), "\(leaks)")
      }
    }

    /// Whatever the places are called, and what is mounted in them.
    @Test(.enabled(if: hasRoot(), needsRoot))
    func whatIsTheKernelsIsLeftOut() throws {
      let place = try Place(Start(sandbox: "namespace", isRootless: false))
      let (odd, sys, kept) = ("/a b\\c\td", "/sys", "/kept")
      for name in [odd, sys, kept] { try place.make(place.export + name) }
      let peer = try place.serve {
        try check(mount("proc", place.export + odd, "proc", 0, nil), "mount proc")
        try check(mount("/sys", place.export + sys, nil, UInt(Glibc.MS_BIND | Glibc.MS_REC), nil), "mount sys")
        try check(mount("tmpfs", place.export + kept, "tmpfs", 0, nil), "mount tmpfs")
        try place.makeFile(place.export + kept + "/file")
      }
      defer { for name in [odd, sys, kept] { umount2(place.export + name, CInt(MNT_DETACH)) } }
      #expect(try peer.errno(.status(odd + "/self")) == ENOENT)
      #expect(try peer.errno(.status(sys + "/kernel")) == ENOENT)
      #expect(try peer.errno(.status(kept + "/file")) == 0)
      #expect(access(place.export + odd + "/self", F_OK) == 0, "the host's stays")
    }
  }
}
