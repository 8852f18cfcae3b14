import Glibc
import HelperHarness
import NinePHarness
import Testing

@Suite("A table of descriptors that is full")
struct DescriptorShortageTests {
  /// Both halves are in one process here, so that either is the one that can't have more.
  @Test("fails the requests that need one, and the session goes on")
  func opening() async {
    await #expect(processExitsWith: .success) {
      try Way.$current.withValue(.split) {
        let served = try Served()
        let count: UInt32 = 12
        for fid in 1...count { served.write("\(fid)", to: "\(fid)") }
        try served.client.start()
        for fid in 1...count { try served.client.done(.walk(0, fid, "\(fid)")) }
        let before = Usage.descriptors
        for room in 0...45 {
          let highest = dup(0)
          close(highest)
          var limit = rlimit()
          getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
          let old = limit.rlim_cur
          limit.rlim_cur = rlim_t(Int(highest) + room)
          #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
          served.client.send(
            (1...count).flatMap { fid in
              NinePMessage.open(fid).frame(tag: UInt16(fid))
                + NinePMessage.rename(0, "\(fid)", 0, "\(fid)").frame(tag: UInt16(fid + 100))
            })
          var opened: Set<UInt32> = []
          for _ in 0..<2 * count {
            let answer = try #require(served.client.receive(), "\(room)")
            if answer.type == 7 {
              #expect(answer.body.u32(0) == UInt32(EMFILE), "\(room)")
            } else if answer.tag <= 100 {
              #expect(answer.type == 13)
              opened.insert(UInt32(answer.tag))
            }
          }
          limit.rlim_cur = old
          #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
          #expect(room > 0 || opened.isEmpty)
          #expect(room < 45 || opened.count == Int(count))
          for fid in 1...count {
            if opened.contains(fid) {
              #expect(try served.client.done(.read(fid)).data == Array("\(fid)".utf8), "\(room)")
            } else {
              try served.client.done(.open(fid))
            }
            try served.client.done(.clunk(fid))
            try served.client.done(.walk(0, fid, "\(fid)"))
          }
          // The other half closes them when it has sent them.
          #expect(eventually { Usage.descriptors <= before }, "\(room)")
        }
        #expect(served.ending() == .closed)
      }
    }
  }

  @Test("where few descriptors are left, requests at once are done one after the other")
  func few() throws {
    try Way.$current.withValue(.split) {
      let served = try Served(fids: 10)
      try served.client.start()
      for round in 0..<3 {
        served.client.send((0..<60).flatMap { NinePMessage.makeDirectory(0, "\(round) \($0)").frame(tag: UInt16($0)) })
        for _ in 0..<60 { #expect(served.client.receive()?.type == 73) }
      }
      // Given back, they are there for fids.
      for fid: UInt32 in 1..<10 { try served.client.done(.walk(0, fid)) }
      #expect(try served.client.failure(.walk(0, 10)) == EMFILE)
    }
  }
}
