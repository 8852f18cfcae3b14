import Glibc
import NinePHarness
import NinePServer
import Testing

/// Clients that connect, and then take their time until they attach, or never do.
@Suite("Time to attach", .eitherWay)
struct AttachTests {
  private func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test("one who says nothing, or not enough, is cut off when the time is over")
  func silent() throws {
    let version = NinePMessage.version(8192, "9P2000.L").frame(tag: .max)
    let half = Array(NinePMessage.attach(0).frame().dropLast())
    for bytes in [[], [19], version, version + half] {
      let began = seconds()
      let served = try Served(attachTimeout: 300)
      served.client.send(bytes)
      while served.client.receive() != nil {}
      #expect(seconds() - began > 0.29)
      #expect(seconds() - began < 5)
      #expect(served.ending() == .notStarted)
    }
  }

  @Test("one byte now and then gives no more time")
  func slow() throws {
    let began = seconds()
    let served = try Served(attachTimeout: 300)
    var sent = 0
    for byte in NinePMessage.version(8192, String(repeating: "v", count: 500)).frame(tag: .max) {
      served.client.send([byte])
      sent += 1
      usleep(20_000)
      if seconds() - began > 0.5 { break }
    }
    #expect(sent < 400)
    #expect(served.client.receive() == nil)
    #expect(served.ending() == .notStarted)
  }

  @Test("requests that can't attach don't hold a thread that nobody reads from")
  func useless() throws {
    for message in [NinePMessage.version(8192, "9P2000.L"), .attach(0, tree: "none"), .status(0)] {
      let served = try Served()
      served.client.send(Array(repeatElement(message.frame(tag: .max), count: 20_000).joined()))
      #expect(served.ending() == .notStarted)
    }
  }

  @Test("one who has attached may be silent for as long as it likes, also with no fid left")
  func attached() throws {
    let served = try Served(attachTimeout: 200)
    try served.client.start()
    usleep(400_000)
    try served.client.done(.status(0))
    try served.client.done(.clunk(0))
    usleep(300_000)
    try served.client.agree()
    usleep(300_000)
    try served.client.done(.attach(0))
    #expect(served.ending() == .closed)
  }
}
