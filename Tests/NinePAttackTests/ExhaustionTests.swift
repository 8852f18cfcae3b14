import CLinux
import Glibc
import HelperHarness
import NinePHarness
import Testing

extension NinePAttackTests {
  /// Clients that want all of something, beside one that wants little.
  @Suite struct ExhaustionTests {
    /// The host's open files.
    private func filesOfTheHost() -> Int {
      Int(readFile("/proc/sys/fs/file-nr")?.split(whereSeparator: \.isWhitespace).first ?? "") ?? 0
    }

    /// Asks for so many fids at a time, and returns how many were given.
    private func take(_ client: Client, _ range: Range<UInt32>) throws -> Int {
      var taken = 0
      for start in stride(from: range.lowerBound, to: range.upperBound, by: 500) {
        let batch = start..<min(start + 500, range.upperBound)
        client.send(batch.flatMap { NinePMessage.walk(0, $0).frame() })
        for _ in batch {
          let answer = try #require(client.receive())
          if answer.type == 111 { taken += 1 } else { #expect(answer.body.u32(0) == UInt32(EMFILE)) }
        }
      }
      return taken
    }

    /// Two that take all fids that they get, while another opens files.
    @Test(arguments: Way.all)
    func fidsEndBeforeTheOthersDo(way: Way) throws {
      // So many that each has enough fids.
      let share = try Share(way, ["--max-clients", "64"]) { path in try makeFile(path + "/file", [1]) }
      let other = try share.client()
      let (before, host) = (share.server.openDescriptors(), filesOfTheHost())
      let greedy = [try share.client(), try share.client()]
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      let most = UInt32(min(limit.rlim_max, 524_288))
      var taken = 0
      for client in greedy { taken += try take(client, 1..<most) }
      #expect(taken > most / 4 && taken < most, "\(taken) of \(most)")
      #expect(filesOfTheHost() < host + Int(most) + 1000)
      for round: UInt32 in 1...100 {
        try other.done(.walk(0, round, "file"))
        if round % 3 == 0 { try other.done(.open(round, 2)) }
        try other.done(.walkAttribute(round, 1000 + round % 2, ""))
        try other.done(.clunk(1000 + round % 2))
      }
      #expect(share.isWell())
      // One that gives something back may have it again.
      try greedy[0].done(.clunk(1))
      try greedy[0].done(.walk(0, 1))
      for client in greedy { client.hangUp() }
      other.hangUp()
      #expect(before < 0 || eventually { share.server.openDescriptors() < before })
      #expect(share.isWell() && share.ends())
    }

    /// Frames that begin and don't go on, each with the largest size.
    @Test(arguments: Way.all)
    func halfFramesCostWhatHasCome(way: Way) throws {
      let share = try Share(way)
      let other = try share.client()
      let (memory, threads) = (try share.server.residentMemory(), try share.server.threads())
      var clients: [Client] = []
      for index in 0..<60 {
        let client = try share.connect()
        if index % 2 == 0 { try client.start(messageSize: 1 << 20) }
        client.send(Array([UInt8]([0, 0, 16, 0, 118, 1, 0, 1, 2, 3].prefix(index % 2 == 0 ? 10 : 3))))
        clients.append(client)
      }
      let began = now()
      for _ in 0..<100 { try other.done(.status(0)) }
      #expect(now() - began < 2)
      let grown = try share.server.residentMemory() - memory
      #expect(grown < 60 * 200, "\(grown) kB")
      clients = []
      #expect(try eventually { try share.server.threads() <= threads })
      #expect(share.isWell() && share.ends())
    }

    /// More who connect than are let in: the others are told at once, and whoever comes later is served.
    @Test(arguments: Way.all)
    func aCrowdIsTurnedAway(way: Way) throws {
      let share = try Share(way, ["--max-clients", "64"])
      let before = share.server.openDescriptors()
      let memory = try share.server.residentMemory()
      var (turnedAway, kept) = (0, [Client]())
      for _ in 0..<2000 {
        guard let client = try? share.connect() else { continue }
        if kept.count < 64 {
          try client.start()
          client.send([100, 0, 0])
          kept.append(client)
        } else {
          client.send([100, 0, 0])
          #expect(client.receive() == nil)
          turnedAway += 1
        }
      }
      #expect(turnedAway > 1900, "\(turnedAway)")
      // One or two for each who was let in.
      #expect(try share.server.threads() <= 2 * 66)
      #expect(try share.server.residentMemory() < memory + 64 * 200)
      kept = []
      let began = now()
      #expect(eventually { share.isWell() })
      #expect(now() - began < 2)
      #expect(before < 0 || eventually { share.server.openDescriptors() <= before })
      #expect(share.ends())
    }

    /// Requests without end whose replies nobody reads: the server stops taking them, and others don't notice.
    @Test(arguments: Way.all)
    func repliesThatNobodyReadsCostNothing(way: Way) throws {
      let share = try Share(way, in: "/dev/shm") { path in
        for index in 0..<300 { try makeFile(path + "/\(index)") }
        try makeFile(path + "/file", Array(repeating: 7, count: 100_000))
      }
      let other = try share.client()
      let messages: [NinePMessage] = [
        .status(0), .read(1, 0, .max), .list(2, 0, .max), .walk(0, 5, "none"), .clunk(77),
      ]
      let memory = try share.server.residentMemory()
      var clients: [Client] = []
      for message in messages {
        let client = try share.client(messageSize: 1 << 20)
        try client.done(.walk(0, 1, "file"))
        try client.done(.open(1))
        try client.done(.walk(0, 2))
        try client.done(.open(2))
        let frames = Array(repeatElement(message.frame(), count: 4000).joined())
        var (sent, waits) = (0, 0)
        while sent < 65_536 * message.frame().count, waits < 20 {
          let start = sent % frames.count
          let count = client.offer(frames[start...])
          sent += count
          waits = count == 0 ? waits + 1 : 0
          if count == 0 { usleep(2000) }
        }
        #expect(waits == 20, "it took all \(sent) bytes")
        clients.append(client)
      }
      var slowest = 0.0
      for _ in 0..<200 {
        let began = now()
        try other.done(.status(0))
        slowest = max(slowest, now() - began)
      }
      #expect(slowest < 0.5, "\(slowest)")
      // Two buffers of the largest message for each, and what a stack takes.
      let grown = try share.server.residentMemory() - memory
      #expect(grown < messages.count * 2400, "\(grown) kB")
      // One that reads after all gets every reply.
      for _ in 0..<1000 { #expect(clients[0].receive()?.type == 25) }
      // Nor do they keep it from ending.
      #expect(share.ends())
    }

    /// Clients that take all address space that the process has left: they are refused, and the others go on.
    @Test(arguments: Way.all)
    func addressSpaceEndsBeforeTheOthersDo(way: Way) throws {
      let share = try Share(way)
      let other = try share.client()
      try other.done(.walk(0, 1))
      let process = try #require(share.server.family.last)
      try limitAddressSpace(of: process, beyond: 200 << 20)
      var greedy: [Client] = []
      var refused = 0
      for _ in 0..<60 where refused == 0 {
        do {
          let client = try share.connect()
          try client.start(messageSize: 16 << 20)
          greedy.append(client)
          for fid: UInt32 in 1..<256 {
            try client.done(.walk(0, fid))
            guard try client.failure(.createAttribute(fid, "user.x", 65_536)) == 0 else { break }
          }
        } catch is HarnessError {
          refused += 1
        }
      }
      #expect(refused > 0)
      for fid: UInt32 in 10..<4010 { try other.done(.walk(0, fid)) }
      try other.done(.status(1))
      greedy = []
      #expect(eventually { share.isWell() })
      #expect(share.ends())
    }

    /// Lets a process have so many bytes of address space more than it has. Without a capability only its own user may, or
    /// whose user namespace it is in.
    private func limitAddressSpace(of process: pid_t, beyond bytes: Int) throws {
      let status = readFile("/proc/\(process)/status") ?? ""
      func field(_ name: String) throws -> Int {
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return try #require(line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
      }
      let limit = try field("VmSize") * 1024 + bytes
      let (uid, gid) = (try field("Uid"), try field("Gid"))
      let change = ["/usr/bin/prlimit", "--pid", "\(process)", "--as=\(limit):\(limit)"]
      let result =
        uid == geteuid() || geteuid() != 0
        ? try run(change[0], Array(change.dropFirst()))
        : try run("/usr/bin/setpriv", ["--reuid=\(uid)", "--regid=\(gid)", "--clear-groups"] + change)
      try #require(result == 0)
    }

    /// What failed requests and requests that are done leave behind adds up.
    @Test(arguments: Way.all)
    func aHundredThousandRequestsLeaveNothing(way: Way) throws {
      let share = try Share(way, in: "/dev/shm") { path in
        try makeDirectory(path + "/d")
        try makeFile(path + "/file", [1])
        try check(setxattr(path + "/file", "user.a", "1", 1, 0), "setxattr")
      }
      let client = try share.client()
      try client.done(.walk(0, 1, "file"))
      var round: [NinePMessage] = [
        .walk(0, 2, "file"), .open(2, 2), .write(2, 0, [1]), .read(2), .clunk(2), .open(1, 3), .open(77), .walk(0, 2),
        .create(2, "new", 0o1102), .clunk(2), .unlink(0, "new"), .walkAttribute(1, 2, "user.a"), .clunk(2),
        .walkAttribute(1, 2, "user.none"), .createAttribute(1, "user.a", 1 << 40), .attach(2), .attach(2), .clunk(2),
        .walk(0, 2), .open(2), .list(2), .clunk(2), .rename(0, "none", 0, "b"), .link(0, 0, "hard"), .remove(77),
      ]
      // At every position of a walk.
      for at in 0..<16 { round.append(.walk(0, 3, (0..<16).map { $0 == at ? "none" : $0 % 2 == 0 ? "d" : ".." })) }
      let frames = round.flatMap { $0.frame() }
      func turn(_ times: Int) throws {
        for _ in 0..<times {
          client.send(frames)
          for message in round { _ = try #require(client.receive(), "\(message)") }
        }
      }
      try turn(100)
      let (descriptors, memory) = (share.server.openDescriptors(), try share.server.residentMemory())
      try turn(100_000 / round.count / 4)
      #expect(share.server.openDescriptors() == descriptors)
      #expect(try share.server.residentMemory() < memory + 512)
      #expect(share.isWell())
    }
  }
}
