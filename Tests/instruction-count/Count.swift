import CLinux
import Glibc

/// What a request of one case costs.
struct Count: CustomStringConvertible {
  let name: String
  let instructions: Int
  let calls: Int

  var description: String { "\(name) \(instructions) \(calls)" }

  /// Has valgrind run this program, and reads what it counted.
  static func all(in directory: String) throws(Failure) -> [Count] {
    let (share, dumps) = ("\(directory)/share", "\(directory)/dumps")
    for path in [share, dumps] where mkdir(path, 0o755) != 0 { throw Failure("can't make \(path)", errno: errno) }
    try runValgrind(share, dumps)
    var counts: [Count] = []
    for name in try names(in: directory) {
      guard let paths = try Self.dumps(of: name, in: directory) else { continue }
      let (few, many) = (try Dump(paths.few), try Dump(paths.many))
      counts.append(
        Count(
          name: name, instructions: try perRequest(many.instructions - few.instructions, "instructions", name),
          calls: try perRequest(many.calls - few.calls, "system calls", name)))
    }
    return counts
  }

  /// What callgrind counted of the smaller and the larger batch of a case.
  static func dumps(of name: String, in directory: String) throws(Failure) -> (few: String, many: String)? {
    let names = try names(in: directory)
    // There is one for each time that `serveBatch` returned, numbered from 1: one of each case to warm up, then two.
    return names.firstIndex(of: name).map { index in
      let number = names.count + 2 * index + 1
      return ("\(directory)/dumps/dump.\(number)", "\(directory)/dumps/dump.\(number + 1)")
    }
  }

  private static func names(in directory: String) throws(Failure) -> [String] {
    try text(of: "\(directory)/dumps/names").split(separator: "\n").map(String.init)
  }

  private static func perRequest(_ sum: Int, _ what: String, _ name: String) throws(Failure) -> Int {
    guard sum % Batch.difference == 0 else {
      throw Failure("\(name): \(sum) \(what) of \(Batch.difference) requests that are alike")
    }
    return sum / Batch.difference
  }

  /// `serveBatch`, as the linker knows it.
  private static let served = "$s17instruction_count10serveBatchyys5Int32VF"

  /// What else would count for more or less elsewhere, or the next time.
  private static let tunables = [
    // The variants of memcpy and its like are chosen by the processor: the plainest one.
    "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX2_Usable,-AVX_Fast_Unaligned_Load,-BMI2,-ERMS,-FSRM,-SSE4_2,-SSSE3",
    // What serving allocates at its start has mappings of its own. In the heap it would depend on what was there before.
    "glibc.malloc.mmap_threshold=32768",
  ]

  private static func runValgrind(_ share: String, _ dumps: String) throws(Failure) {
    let arguments = [
      "valgrind", "--tool=callgrind", "--callgrind-out-file=\(dumps)/dump", "--zero-before=\(served)",
      "--dump-after=\(served)", "--collect-systime=yes", "--compress-strings=no", try ownPath(), share, "--serve",
    ]
    setenv("GLIBC_TUNABLES", tunables.joined(separator: ":"), 1)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "\(dumps)/names", O_WRONLY | O_CREAT, 0o644)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "\(dumps)/log", O_WRONLY | O_CREAT, 0o644)
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let result = posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
    guard result == 0 else { throw Failure("can't start valgrind", errno: result) }
    var status: CInt = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw Failure("valgrind ended with \(status): \(try text(of: "\(dumps)/log"))") }
  }
}

/// Where this program is.
private func ownPath() throws(Failure) -> String {
  var path = [CChar](repeating: 0, count: Int(PATH_MAX))
  let count = readlink("/proc/self/exe", &path, path.count)
  guard count > 0 else { throw Failure("/proc/self/exe", errno: errno) }
  return String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// What callgrind counted from one entry of `serveBatch` to its end.
private struct Dump {
  let instructions: Int
  let calls: Int

  init(_ path: String) throws(Failure) {
    let lines = try text(of: path).split(separator: "\n")
    func numbers(_ name: String) -> [Substring] {
      lines.first { $0.hasPrefix("\(name): ") }?.dropFirst(name.count + 2).split(separator: " ") ?? []
    }
    let totals = Dictionary(uniqueKeysWithValues: zip(numbers("events"), numbers("summary").map { Int($0) ?? 0 }))
    guard let instructions = totals["Ir"], let calls = totals["sysCount"] else {
      throw Failure("no instructions and system calls in \(path)")
    }
    self.instructions = instructions
    self.calls = calls
  }
}

func text(of path: String) throws(Failure) -> String {
  guard let file = fopen(path, "r") else { throw Failure("can't read \(path)", errno: errno) }
  defer { fclose(file) }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    guard count > 0 else { return String(decoding: text, as: UTF8.self) }
    text += buffer.prefix(count)
  }
}
