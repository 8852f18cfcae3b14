import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Clients that only make noise, beside one that works.
  @Suite struct NoiseTests {
    /// Two hundred that say nothing, half of something or nonsense, again and again.
    @Test(arguments: Way.all)
    func noiseDisturbsNobody(way: Way) throws {
      let share = try Share(way) { path in try makeFile(path + "/file", [1, 2, 3]) }
      let other = try share.client()
      let before = share.server.openDescriptors()
      var random = HelperHarness.Random(seed: 11)
      var noise: [Client] = []
      var slowest = 0.0
      let began = now()
      for round in 0..<1000 {
        let client = try share.connect()
        switch round % 4 {
        case 0: break
        case 1: client.send([19, 0, 0])
        case 2: client.send((0..<100).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        default: client.send(Array(NinePMessage.version(1 << 20, "9P2000.L").frame(tag: .max).dropLast()))
        }
        noise.append(client)
        if noise.count > 200 { noise.removeFirst() }
        if round % 5 == 0 {
          let began = now()
          try other.done(.walk(0, 1, "file"))
          try other.done(.open(1))
          #expect(try other.done(.read(1)).data == [1, 2, 3])
          try other.done(.clunk(1))
          slowest = max(slowest, now() - began)
        }
      }
      #expect(slowest < 1, "\(slowest) s")
      #expect(share.isWell())
      noise = []
      #expect(before < 0 || eventually { share.server.openDescriptors() <= before })
      // Ten lines of a kind, and then one a second.
      let lines = share.log.text.split(separator: "\n").count
      #expect(lines < 4 * (10 + Int(now() - began) + 2) + 5, "\(lines)")
      #expect(share.ends())
    }
  }
}
