import Glibc
import ProxyProtocol

/// Many helpers at once, each with a client of its own that asks for one thing after the other.
enum Crowd {
  static func measure(_ share: Share, _ options: Options) throws(Failure) -> [Comparison] {
    var all: [Comparison] = []
    for count in [1, 2, 4, 8, 16, 32, 64] {
      progress("\(count) helpers")
      var crowds: [(series: Series, peers: [Peer])] = []
      for (series, program) in [(Series.stock, options.stock), (.ours, options.helper), (.stockAgain, options.stock)] {
        var peers: [Peer] = []
        for index in 0..<count {
          peers.append(
            try Peer(
              "\(series.rawValue) \(index)", [program, "-n", "-p", share.path, "-f", "{}"], at: .unpinned,
              log: "\(options.work)/log-\(series.rawValue)-\(index)"))
        }
        crowds.append((series, peers))
      }
      defer { for (_, peers) in crowds { for peer in peers { peer.end() } } }
      for (_, peers) in crowds { _ = try run(20, on: peers) }
      var comparison = Comparison("helpers", "lstat", amount: count, kind: "look", unit: "us")
      for round in 0..<options.rounds {
        for turn in Rounds.order(round, of: crowds.count) {
          let time = try run(options.requests, on: crowds[turn].peers)
          comparison.append(time / Double(options.requests * count) / 1000, of: crowds[turn].series)
        }
      }
      all.append(comparison)
    }
    return all
  }

  /// Has a thread for each peer make this many requests; returns nanoseconds from the first to the last.
  private static func run(_ requests: Int, on peers: [Peer]) throws(Failure) -> Double {
    let start = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)
    defer { start.deallocate() }
    pthread_barrier_init(start, nil, UInt32(peers.count + 1))
    defer { pthread_barrier_destroy(start) }
    let clients = peers.map { Client($0.socket, requests, start) }
    var threads: [pthread_t] = []
    alarm(120)
    defer { alarm(0) }
    for client in clients {
      var thread = pthread_t()
      let result = pthread_create(
        &thread, nil,
        { raw in
          if let raw { Unmanaged<Client>.fromOpaque(raw).takeUnretainedValue().run() }
          return nil
        }, Unmanaged.passUnretained(client).toOpaque())
      // The others wait for it for ever.
      guard result == 0 else { fatalError("pthread_create: \(result)") }
      threads.append(thread)
    }
    pthread_barrier_wait(start)
    let began = Script.now()
    for thread in threads { pthread_join(thread, nil) }
    let time = Script.now() - began
    guard clients.allSatisfy(\.hasSucceeded) else { throw Failure("one of \(peers.count) helpers gave no answer") }
    return time
  }
}

/// What a thread needs.
private final class Client: @unchecked Sendable {
  private let socket: CInt
  private let requests: Int
  private let start: UnsafeMutablePointer<pthread_barrier_t>
  private let frame = Step.status(Share.file).frame
  private(set) var hasSucceeded = false

  init(_ socket: CInt, _ requests: Int, _ start: UnsafeMutablePointer<pthread_barrier_t>) {
    self.socket = socket
    self.requests = requests
    self.start = start
  }

  func run() {
    let size = Frame.headerSize + FileStatus.size
    var reply = [UInt8](repeating: 0, count: size)
    pthread_barrier_wait(start)
    for _ in 0..<requests {
      guard send(socket, frame, frame.count, CInt(MSG_NOSIGNAL)) == frame.count else { return }
      // A reply this short comes whole.
      guard recv(socket, &reply, size, 0) == size else { return }
    }
    hasSucceeded = true
  }
}
