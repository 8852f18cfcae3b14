import CLinux
import Glibc
import HelperHarness
import ProxyProtocol

/// The two helpers, each serving a directory of its own, taken through one sequence of requests.
struct Twins: ~Copyable {
  private let ours: Peer
  private let original: Peer
  private let roots: (ours: String, original: String)
  private let directory: TemporaryDirectory
  private let comparison = Comparison()
  private let isNodev: Bool
  private var generator: Generator
  private var history: [(Message, Answer)] = []
  /// How often each of the known differences came up.
  private(set) var met: [KnownDifference: Int] = [:]
  private(set) var successes = 0

  /// - Parameter parent: on what file system.
  init(seed: UInt64, in parent: String) throws {
    let directory = try TemporaryDirectory(in: parent)
    let roots = (ours: directory.path + "/ours", original: directory.path + "/original")
    // The same, whatever the umask.
    for root in [roots.ours, roots.original] {
      guard mkdir(root, 0o755) == 0, chmod(root, 0o755) == 0 else { throw HarnessError("mkdir: errno \(errno)") }
    }
    var status = statvfs()
    guard statvfs(parent, &status) == 0 else { throw HarnessError("statvfs: errno \(errno)") }
    let ours = try Peer("ours", Programs.helper, serving: roots.ours)
    let original = try Peer("original", Programs.stockHelper, serving: roots.original)
    self.directory = directory
    self.roots = roots
    self.ours = ours
    self.original = original
    // ST_NODEV, which glibc shows to GNU programs only.
    isNodev = status.f_flag & 4 != 0
    generator = Generator(seed: seed)
  }

  /// Sends so many requests.
  ///
  /// - Returns: the first difference, or nil.
  mutating func run(_ count: Int) throws -> String? {
    for index in 0..<count {
      let step = generator.next()
      let difference: String?
      do {
        difference = try self.difference(step)
      } catch {
        return report(index, step, "\(error)")
      }
      if let difference { return report(index, step, difference) }
      // Now and then, so that what went wrong isn't long ago.
      guard index % 250 == 249 || index == count - 1 else { continue }
      if let difference = treeDifference() { return report(index, step, "the trees\n" + difference) }
    }
    return ours.isQuiet() && original.isQuiet() ? nil : "an answer too many"
  }

  private mutating func difference(_ step: Step) throws -> String? {
    let answer = try ours.ask(step.message)
    history.append((step.message, answer))
    if history.count > 12 { history.removeFirst() }
    if answer.errno == 0 { successes += 1 }
    switch step.reference {
    case .alone(let errno, let difference):
      met[difference, default: 0] += 1
      return answer.errno == errno ? nil : "errno \(errno) is right (\(difference)); ours: \(answer)"
    case .same:
      let difference = try difference(answer, to: step.message)
      generator.learn(from: step, errno: answer.errno)
      return difference
    case .reworded(let message, .generation):
      met[.generation, default: 0] += 1
      return try generationDifference(answer, step.message, open: message)
    case .reworded(let message, let known):
      met[known, default: 0] += 1
      let difference = try difference(answer, to: message)
      generator.learn(from: step, errno: answer.errno)
      return difference
    }
  }

  /// What ours and the original disagree about.
  ///
  /// - Parameter message: what the original is asked.
  private mutating func difference(_ answer: Answer, to message: Message) throws -> String? {
    var message = message
    if message.type.replyForm == .descriptor, answer.errno == ENXIO, case .d(let flags) = message.fields[1] {
      let harmless = O_RDONLY | O_NONBLOCK | CInt(bitPattern: flags) & O_NOFOLLOW
      message = Message(.open, message.fields[0], .d(UInt32(harmless)))
      met[.specialFile, default: 0] += 1
    }
    let reference = try original.ask(message)
    if message.type == .open, isDeviceOnNodev(answer, reference) { return nil }
    guard let difference = comparison.difference(message.type, ours: answer, original: reference) else { return nil }
    return "\(difference)\n  ours:     \(answer)\n  original: \(reference)"
  }

  private mutating func generationDifference(_ answer: Answer, _ message: Message, open: Message) throws -> String? {
    let reference = try original.ask(open)
    if isDeviceOnNodev(answer, reference) { return nil }
    guard answer.errno == 0, reference.errno == 0 else {
      return answer.errno == reference.errno ? nil : "errno\n  ours: \(answer)\n  original's open: \(reference)"
    }
    guard case .frame(0, let payload) = answer, payload.count == 8 else { return "the form of a success: \(answer)" }
    guard case .word(_, let file?) = try ours.ask(open) else { return "ours doesn't open what has a generation" }
    var generation: UInt32 = 0
    if cl_get_generation(file.descriptor, &generation) < 0 { generation = 0 }
    guard payload.integer(at: 0, as: UInt64.self) == UInt64(generation) else { return "generation \(generation)" }
    let other = try original.ask(message)
    return other.errno == 0 ? nil : "the original's generation: \(other)"
  }

  /// Whether these are the answers to opening a device where none can be opened.
  private mutating func isDeviceOnNodev(_ answer: Answer, _ reference: Answer) -> Bool {
    guard isNodev, answer.errno == ENXIO, reference.errno == EACCES else { return false }
    met[.deviceOnNodev, default: 0] += 1
    return true
  }

  private func treeDifference() -> String? {
    let trees = (Tree(roots.ours, isRecent: comparison.isRecent), Tree(roots.original, isRecent: comparison.isRecent))
    return trees.0.difference(from: trees.1, ("ours    ", "original"))
  }

  private func report(_ index: Int, _ step: Step, _ difference: String) -> String {
    """
    request \(index), \(step.message), differs in \(difference)
      reference: \(step.reference)
      last requests, and what ours answered:
        \(history.map { "\($0)\n      → \($1)" }.joined(separator: "\n    "))
    """
  }
}
