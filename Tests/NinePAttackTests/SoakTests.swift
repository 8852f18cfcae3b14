import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Clients that do anything for a while, and know what must have come of it. POSTERN_SOAK says for how many seconds.
  @Suite struct SoakTests {
    private static let clients = 10
    private static let seconds = getenv("POSTERN_SOAK").flatMap { Double(String(cString: $0)) } ?? 10

    /// The most of what a server has had: descriptors, threads, kilobytes.
    private struct Peak {
      var descriptors = 0
      var threads = 0
      var memory = 0

      mutating func look(at server: Spawned) throws {
        descriptors = max(descriptors, server.openDescriptors())
        threads = max(threads, try server.threads())
        memory = max(memory, try server.residentMemory())
      }
    }

    @Test(arguments: Way.all)
    func everythingIsAsItsClientKnows(way: Way) throws {
      let share = try Share(way, in: "/dev/shm") { path in
        for index in 0..<Self.clients { try makeDirectory(path + "/own-\(index)") }
        try makeDirectory(path + "/common")
      }
      let watcher = try share.client()
      let (descriptors, threads) = (share.server.openDescriptors(), try share.server.threads())
      let clients = try (0..<Self.clients).map { try SoakClient(share, $0) }
      let seconds = Self.seconds / Double(Way.all.count)
      let middle = now() + seconds / 2
      let end = now() + seconds
      nonisolated(unsafe) var (first, second) = (Peak(), Peak())
      try inParallel(Self.clients + 1) { index in
        guard index < Self.clients else {
          while now() < end {
            if now() < middle { try first.look(at: share.server) } else { try second.look(at: share.server) }
            usleep(100_000)
          }
          return
        }
        while now() < end { try clients[index].step() }
      }
      for client in clients {
        let differences = try client.model.differences(from: share.path + "/" + client.name)
        #expect(differences.isEmpty, "\(differences.prefix(10))")
        client.client.hangUp()
      }
      let steps = clients.reduce(0) { $0 + $1.steps }
      #expect(steps > 5000)
      let most = Self.clients * (2 + 64 + 3 + SoakClient.inCommon.count + 8)
      #expect(second.descriptors < descriptors + most, "\(second.descriptors)")
      #expect(second.threads <= threads + 2 * Self.clients && first.threads == second.threads)
      #expect(second.memory < first.memory + 1024, "\(first.memory), then \(second.memory) kB")
      #expect(try eventually { try share.server.threads() == threads })
      #expect(eventually { share.server.openDescriptors() <= descriptors })
      #expect(try watcher.failure(.status(0)) == 0)
      #expect(share.damage() == nil)
      #expect(share.isWell() && share.ends(), "\(share.log.text)")
      if getenv("POSTERN_SOAK") != nil {
        print("\(way): \(steps) steps in \(seconds) s; first half \(first), second \(second)")
      }
    }
  }
}
