import Glibc
import NinePProtocol

/// Some requests in flight at once: each lane goes through a workload's cycle by itself, with one request under way.
///
/// One thread has all lanes of all connections.
final class NinePLanes {
  private let workload: NinePWorkload
  private let connections: [NinePConnection]
  /// Each connection's, by their tags, which begin with 1.
  private let lanes: [[Lane]]
  private var polled: [pollfd]
  /// Where the next read or write begins.
  private var position = 0
  /// What the next batch's writes begin with: their batch's number.
  private(set) var mark: UInt64 = 0

  /// - Parameter depth: lanes of each connection.
  init(_ workload: NinePWorkload, on connections: [NinePConnection], depth: Int, _ changes: NinePWorkload.Changes)
    throws(Failure)
  {
    self.workload = workload
    self.connections = connections
    var next: UInt16 = 0
    var all: [[Lane]] = []
    for connection in connections {
      let base = next
      var own: [Lane] = []
      for index in 1...UInt16(depth) {
        // Names in the share are per lane, so lanes of different connections have different tags.
        next += 1
        let tag = Tag(rawValue: base + index)
        if let held = workload.held {
          try connection.walk(to: held.name(tag), NinePWorkload.heldFid(tag))
          if let access = held.access { try connection.open(NinePWorkload.heldFid(tag), access) }
        }
        own.append(Lane(tag, workload.cycle(tag, changes)))
      }
      all.append(own)
    }
    lanes = all
    polled = connections.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
  }

  /// Gives up what the lanes hold.
  func end() throws(Failure) {
    guard workload.held != nil else { return }
    for (connection, own) in zip(connections, lanes) {
      for lane in own { try connection.clunk(NinePWorkload.heldFid(lane.tag)) }
    }
  }

  /// Goes through this many cycles, by all lanes together.
  ///
  /// - Returns: nanoseconds.
  func run(_ cycles: Int) throws(Failure) -> Double {
    mark += 1
    position = 0
    var (toBegin, toEnd) = (cycles, cycles)
    let start = Script.now()
    for (connection, own) in zip(connections, lanes) {
      for lane in own where toBegin > 0 {
        toBegin -= 1
        try begin(lane, on: connection)
      }
    }
    while toEnd > 0 {
      if connections.count > 1 { try waitForAny() }
      for index in connections.indices where connections.count == 1 || polled[index].revents != 0 {
        let connection = connections[index]
        try connection.receive()
        while let reply = try connection.next() {
          let lane = try self.lane(of: reply, at: index)
          if try take(reply, lane) {
            try send(lane, on: connection)
          } else {
            toEnd -= 1
            if toBegin > 0 {
              toBegin -= 1
              try begin(lane, on: connection)
            }
          }
        }
      }
    }
    return Script.now() - start
  }

  private func waitForAny() throws(Failure) {
    guard poll(&polled, nfds_t(polled.count), 60_000) > 0 else {
      throw Failure("\(connections[0].server) gives no answer")
    }
  }

  private func lane(of reply: NinePReply, at connection: Int) throws(Failure) -> Lane {
    let own = lanes[connection]
    let index = Int(reply.header.tag.rawValue) - Int(own[0].tag.rawValue)
    guard own.indices.contains(index), own[index].isUnderWay else {
      throw Failure("\(reply.server) answers what wasn't asked")
    }
    return own[index]
  }

  private func begin(_ lane: Lane, on connection: NinePConnection) throws(Failure) {
    lane.place = 0
    lane.isUnderWay = true
    let step = lane.steps[0]
    switch step.kind {
    case .read(let size), .write(let size):
      lane.offset = UInt64(position)
      step.frame.set(offset: lane.offset)
      if case .write = step.kind { step.frame.set(firstWord: mark) }
      position = position + 2 * size <= NinePShare.dataSize ? position + size : 0
    case .list:
      lane.found = 0
      step.frame.set(offset: 0)
    default: break
    }
    try send(lane, on: connection)
  }

  private func send(_ lane: Lane, on connection: NinePConnection) throws(Failure) {
    try connection.send(lane.steps[lane.place].frame.bytes)
  }

  /// Looks at a reply.
  ///
  /// - Returns: whether the lane has another request to make.
  private func take(_ reply: NinePReply, _ lane: Lane) throws(Failure) -> Bool {
    let step = lane.steps[lane.place]
    var lastEntry: UInt64?
    try reply.check("\(workload.name) (request \(lane.place + 1))") { reply in
      switch (step.kind, reply) {
      case (.done, .empty), (.opened, .opened): return true
      case (.walk(let count), .qids(let qids)): return qids.count == count
      case (.size(let size), .attributes(let attributes)): return attributes.size == UInt64(size)
      case (.write(let size), .count(let count)): return Int(count) == size
      case (.read(let size), .data(let data)):
        return data.count == size && Self.firstWord(data) == lane.offset / 8
      case (.list, .data(let data)):
        var entries = DirectoryEntries(data)
        while let entry = try? entries.next() {
          lane.found += 1
          lastEntry = entry.cookie
        }
        // All of them, and `.` and `..`.
        return lastEntry != nil || lane.found == NinePShare.entries + 2
      default: return false
      }
    }
    if let lastEntry {
      step.frame.set(offset: lastEntry)
      return true
    }
    lane.place += 1
    lane.isUnderWay = lane.place < lane.steps.count
    return lane.isUnderWay
  }

  private static func firstWord(_ data: Span<UInt8>) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<8 { word |= UInt64(data[index]) << UInt64(8 * index) }
    return word
  }
}

/// One request at a time.
private final class Lane {
  let tag: Tag
  let steps: [NinePStep]
  /// Which step is under way.
  var place = 0
  var isUnderWay = false
  /// Where its read or write begins.
  var offset: UInt64 = 0
  /// Entries so far.
  var found = 0

  init(_ tag: Tag, _ steps: [NinePStep]) {
    self.tag = tag
    self.steps = steps
  }
}
