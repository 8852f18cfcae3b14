import Glibc
import NinePProtocol

/// What a server may have to hold many of.
struct NinePQuantity {
  /// What the lines of the table have in common.
  let setting: String
  let title: String
  /// The smallest amount, and the largest.
  let least: Int
  let most: Int
  /// Whether each takes memory of the server.
  var takesMemory = true
  /// Makes files in a new directory.
  let fill: (_ tree: String, _ amounts: [Int]) throws(Failure) -> Void
  /// Has a server hold as many as its amount says. It has one client.
  let hold: (_ holding: NinePHolding) throws(Failure) -> Void
  let operations: [NinePOperation]

  static var all: [NinePQuantity] { [fids, directory, clients, locks] }

  static let file = "file"
  private static let inFlight = NinePOperation.inFlight

  private static func isDone(_ reply: borrowing Reply) -> Bool {
    switch reply {
    case .empty: true
    default: false
    }
  }

  private static func makeFile(_ tree: String, _: [Int]) throws(Failure) { try make("\(tree)/\(file)") }

  private static func make(_ path: String) throws(Failure) {
    guard mknod(path, S_IFREG | 0o666, 0) == 0 else { throw Failure("can't make \(path)", errno: errno) }
  }

  // MARK: fids

  /// Clients that have the fids.
  private static let holders = 8

  private static var fids: NinePQuantity {
    NinePQuantity(
      setting: "fids", title: "FIDS of \(holders) clients together", least: 250, most: 250_000, fill: makeFile,
      hold: { holding throws(Failure) in
        while holding.connections.count < holders { holding.connections.append(try holding.server.connect()) }
        let last = holding.wanted / holders
        for next in stride(from: 1, through: last, by: inFlight) {
          let numbers = next...min(last, next + inFlight - 1)
          do throws(Failure) {
            for connection in holding.connections { try walk(connection, numbers) }
          } catch {
            // Some have the last ones. Their room, and more, is what is looked at takes.
            for connection in holding.connections {
              _ = try? clunk(connection, numbers)
              _ = try? clunk(connection, numbers.map { $0 - inFlight })
            }
            holding.amount -= inFlight * holders
            throw error
          }
          holding.amount = numbers.upperBound * holders
        }
      },
      operations: [
        NinePOperation(name: "walk + clunk") { holding, turns throws(Failure) in
          var time = 0.0
          for turn in 0..<turns {
            let connection = holding.connections[turn % holders]
            let new = 1_000_000..<1_000_000 + inFlight
            time += try walk(connection, new)
            time += try clunk(connection, new)
          }
          return time / Double(turns * inFlight)
        },
        NinePOperation(name: "getattr") { holding, turns throws(Failure) in
          var time = 0.0
          for turn in 0..<turns {
            let some = (0..<inFlight).map { _ in Int.random(in: 1...holding.amount / holders) }
            time += try look(holding.connections[turn % holders], some)
          }
          return time / Double(turns * inFlight)
        },
      ])
  }

  @discardableResult
  private static func walk(
    _ connection: NinePConnection, _ fids: some Collection<Int>, along path: (Int) -> [String] = { _ in [file] }
  ) throws(Failure) -> Double {
    try connection.exchange(
      "walk", fids,
      { NinePFrame.walk(from: NinePConnection.root, along: path($0), Fid(rawValue: UInt32($0)), tag: $1) },
      { if case .qids = $0 { true } else { false } })
  }

  private static func clunk(_ connection: NinePConnection, _ fids: some Collection<Int>) throws(Failure) -> Double {
    try connection.exchange(
      "clunk", fids, { NinePFrame.encoded(.clunk(fid: Fid(rawValue: UInt32($0))), tag: $1, room: 64) }, isDone)
  }

  private static func look(_ connection: NinePConnection, _ fids: [Int]) throws(Failure) -> Double {
    try connection.exchange("getattr", fids, lookFrame, isLooked)
  }

  private static func lookFrame(_ fid: Int, _ tag: Tag) -> [UInt8] {
    NinePFrame.encoded(.getattr(fid: Fid(rawValue: UInt32(fid)), fields: .basic), tag: tag, room: 64)
  }

  private static func isLooked(_ reply: borrowing Reply) -> Bool {
    switch reply {
    case .attributes: true
    default: false
    }
  }

  // MARK: directory

  private static var directory: NinePQuantity {
    NinePQuantity(
      setting: "directory", title: "ENTRIES of a directory", least: 1000, most: 1_000_000, takesMemory: false,
      fill: { tree, amounts throws(Failure) in
        for amount in amounts {
          let directory = "\(tree)/\(amount)"
          guard mkdir(directory, 0o755) == 0 else { throw Failure("can't make \(directory)", errno: errno) }
          for index in 0..<amount { try make("\(directory)/file-\(index)") }
        }
      },
      hold: { holding throws(Failure) in
        holding.amount = holding.wanted
        try holding.connections[0].walk(to: "\(holding.amount)", listed)
      },
      operations: [
        NinePOperation(name: "walk + clunk") { holding, turns throws(Failure) in
          var time = 0.0
          let (connection, numbers) = (holding.connections[0], 10..<10 + inFlight)
          for _ in 0..<turns {
            time += try walk(connection, numbers) { _ in
              ["\(holding.amount)", "file-\(Int.random(in: 0..<holding.amount))"]
            }
            time += try clunk(connection, numbers)
          }
          return time / Double(turns * inFlight)
        },
        NinePOperation(name: "create + remove") { holding, turns throws(Failure) in
          var time = 0.0
          let (connection, numbers) = (holding.connections[0], 10..<10 + inFlight)
          for _ in 0..<turns {
            try walk(connection, numbers) { _ in ["\(holding.amount)"] }
            time += try connection.exchange("create", numbers, create) { if case .opened = $0 { true } else { false } }
            _ = try clunk(connection, numbers)
            time += try connection.exchange("unlinkat", numbers, remove, isDone)
          }
          return time / Double(turns * inFlight)
        },
        NinePOperation(name: "list an entry") { holding, _ throws(Failure) in try list(holding) },
      ])
  }

  /// The fid of the directory, and the one that it is read by.
  private static let listed = Fid(rawValue: 1)
  private static let reading = Fid(rawValue: 2)

  private static func create(_ number: Int, _ tag: Tag) -> [UInt8] {
    let name = Array("new-\(number)".utf8)
    return NinePFrame.encoded(
      .lcreate(
        fid: Fid(rawValue: UInt32(number)), name: NinePFrame.name(name.span),
        flags: OpenFlags(.readWrite, with: .exclusive),
        mode: 0o644,
        gid: 0), tag: tag, room: 128)
  }

  private static func remove(_ number: Int, _ tag: Tag) -> [UInt8] {
    let name = Array("new-\(number)".utf8)
    return NinePFrame.encoded(
      .unlinkat(directory: listed, name: NinePFrame.name(name.span), flags: []), tag: tag, room: 128)
  }

  /// Lists the whole directory, a message after the other; at least 10,000 entries altogether.
  private static func list(_ holding: NinePHolding) throws(Failure) -> Double {
    let connection = holding.connections[0]
    let times = max(1, 10_000 / holding.amount)
    var time = 0.0
    for _ in 0..<times {
      try connection.walk(to: "\(holding.amount)", reading)
      try connection.open(reading, .read)
      var (offset, found, isWhole): (UInt64, Int, Bool) = (0, 0, false)
      while !isWhole {
        let count = connection.messageSize - MessageSize.headerRoom
        time += try connection.exchange(
          "readdir", 0..<1,
          { NinePFrame.encoded(.readdir(fid: reading, cookie: offset, count: count), tag: $1, room: 64) },
          { reply in
            guard case .data(let data) = reply else { return false }
            var entries = DirectoryEntries(data)
            isWhole = data.isEmpty
            while let entry = try? entries.next() {
              found += 1
              offset = entry.cookie
            }
            return true
          })
      }
      try connection.clunk(reading)
      guard found == holding.amount + 2 else { throw Failure("\(found) entries of \(holding.amount)") }
    }
    return time / Double(times * holding.amount)
  }

  // MARK: clients

  private static var clients: NinePQuantity {
    NinePQuantity(
      setting: "clients", title: "CLIENTS, connected and attached", least: 10, most: 1000, fill: makeFile,
      hold: { holding throws(Failure) in
        while holding.amount < holding.wanted {
          if holding.amount > 0 { holding.connections.append(try holding.server.connect()) }
          try holding.connections[holding.amount].walk(to: file, Fid(rawValue: 1))
          holding.amount += 1
        }
      },
      operations: [
        NinePOperation(name: "getattr of one of them") { holding, turns throws(Failure) in
          var time = 0.0
          for _ in 0..<turns {
            let connection = holding.connections[Int.random(in: 0..<holding.amount)]
            time += try look(connection, Array(repeating: 1, count: inFlight))
          }
          return time / Double(turns * inFlight)
        },
        NinePOperation(name: "getattr of 10 at once") { holding, turns throws(Failure) in
          var time = 0.0
          let requests = NinePOperation.numbers.prefix(4)
          for _ in 0..<turns {
            let first = Int.random(in: 0...holding.amount - 10)
            let some = holding.connections[first..<first + 10]
            let frames = NinePFrame(requests.flatMap { lookFrame(1, Tag(rawValue: UInt16($0))) })
            let began = Script.now()
            for connection in some { try connection.send(frames.bytes) }
            for connection in some { try connection.take("getattr", requests.count, isLooked) }
            time += Script.now() - began
          }
          return time / Double(turns * 10 * requests.count)
        },
        NinePOperation(name: "connect + attach") { holding, _ throws(Failure) in
          let began = Script.now()
          for _ in 0..<4 { _ = try holding.server.connect() }
          return (Script.now() - began) / 4
        },
      ])
  }

  // MARK: locks

  /// Locks of each client.
  private static let locksOfEach = 1000
  private static let locked = Fid(rawValue: 1)
  /// Fewer than of other requests: a client has no more than 1024 locks.
  private static let locksInFlight = 16

  /// Where a client's lock is. The locks of all lie in between each other's, with a byte behind each that none has.
  private static func place(_ lock: Int, of client: Int) -> Int { 2 * (lock * 1000 + client) }

  private static var locks: NinePQuantity {
    NinePQuantity(
      setting: "locks", title: "LOCKS on one file, \(locksOfEach) of each client", least: 10_000, most: 1_000_000,
      fill: makeFile,
      hold: { holding throws(Failure) in
        let began = Script.now()
        for client in 0..<holding.wanted / locksOfEach {
          if client > 0 { holding.connections.append(try holding.server.connect()) }
          let connection = holding.connections[client]
          try connection.walk(to: file, locked)
          try connection.open(locked, .readWrite)
          for start in stride(from: 0, to: locksOfEach, by: inFlight) {
            guard Script.now() - began < 60e9 else { throw Failure("no more than \(client) clients' in a minute") }
            let numbers = (start..<min(locksOfEach, start + inFlight)).map { place($0, of: client) }
            try lock(connection, numbers, .exclusive, .success)
          }
          holding.amount += locksOfEach
        }
      },
      operations: [
        NinePOperation(name: "lock + unlock") { holding, turns throws(Failure) in
          try someLocks(holding, turns) { connection, places throws(Failure) in
            let free = places.map { $0 + 1 }
            return try lock(connection, free, .exclusive, .success) + lock(connection, free, .unlocked, .success)
          }
        },
        NinePOperation(name: "lock that another has") { holding, turns throws(Failure) in
          try someLocks(holding, turns) { connection, places throws(Failure) in
            try lock(connection, places, .exclusive, .blocked)
          }
        },
        NinePOperation(name: "test of another's") { holding, turns throws(Failure) in
          try someLocks(holding, turns) { connection, places throws(Failure) in
            let name = Array("bench".utf8)
            return try connection.exchange(
              "getlock", places,
              { place, tag in
                let lock = Lock(kind: .exclusive, start: UInt64(place), length: 1, process: 1, client: name.span)
                return NinePFrame.encoded(.getlock(fid: locked, lock: lock), tag: tag, room: 128)
              }, { if case .lock(let found) = $0 { found.kind == .exclusive } else { false } })
          }
        },
      ])
  }

  /// Has a client do something with places that another one has locked.
  private static func someLocks(
    _ holding: NinePHolding, _ turns: Int,
    _ body: (_ connection: NinePConnection, _ places: [Int]) throws(Failure) -> Double
  ) throws(Failure) -> Double {
    let clients = holding.amount / locksOfEach
    var time = 0.0
    for _ in 0..<turns {
      let client = Int.random(in: 0..<clients)
      var places: Set<Int> = []
      while places.count < locksInFlight {
        let other = (client + Int.random(in: 1..<clients)) % clients
        places.insert(place(Int.random(in: 0..<locksOfEach), of: other))
      }
      time += try body(holding.connections[client], Array(places))
    }
    return time / Double(turns * locksInFlight)
  }

  @discardableResult
  private static func lock(
    _ connection: NinePConnection, _ places: [Int], _ kind: Lock.Kind, _ expected: Lock.Status
  ) throws(Failure) -> Double {
    let name = Array("bench".utf8)
    return try connection.exchange(
      "lock", places,
      { place, tag in
        let lock = Lock(kind: kind, start: UInt64(place), length: 1, process: 1, client: name.span)
        return NinePFrame.encoded(.lock(fid: locked, flags: [], lock: lock), tag: tag, room: 128)
      }, { if case .lockStatus(let status) = $0 { status == expected } else { false } })
  }
}
