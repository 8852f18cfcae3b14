import CAllocationCount
import CLinux
import Glibc
import NinePHarness

/// Serves a directory by 9P to itself and counts what the serving thread allocates, for messages of each type.
///
///     ninep-allocation-count ROUNDS
///
/// Prints a line `TYPE ALLOCATIONS` for each, of ROUNDS rounds. Only a release build says anything.
@main
enum NinePAllocationCount {
  static func main() throws {
    guard CommandLine.arguments.count == 2, let rounds = Int(CommandLine.arguments[1]) else {
      print("usage: ninep-allocation-count ROUNDS")
      exit(2)
    }
    let served = try Served {
      ac_watch_this_thread()
      // A counter that misses this one would make every message look free.
      ac_start()
      ac_allocate()
      guard ac_stop() == 1 else { exit(4) }
    }
    served.write("text", to: "file")
    symlink("target", served.path("symlink"))
    mkdir(served.path("directory"), 0o755)
    setxattr(served.path("file"), "user.a", "value", 5, 0)
    try served.client.start()
    try served.client.done(.walk(0, 1, "file"))
    try served.client.done(.walk(0, 2, "file"))
    try served.client.done(.open(2, 2))
    try served.client.done(.walk(0, 3))
    try served.client.done(.open(3))
    try served.client.done(.walk(0, 4, "symlink"))
    for (name, messages) in cases {
      // Tables have grown, caches and lazy values are filled by the first few.
      for _ in 0..<100 { for message in messages { _ = try served.client.call(message) } }
      ac_start()
      for _ in 0..<rounds { for message in messages { _ = try served.client.call(message) } }
      print("\(name) \(ac_stop())")
    }
  }

  /// What a kernel sends. Fid 1 names a file, fid 2 has it open, fid 3 has the root open, fid 4 is a symbolic link.
  private static let cases: [(String, [NinePMessage])] = [
    ("Tattach", [.attach(9), .clunk(9)]),
    ("Twalk", [.walk(0, 9, "file"), .clunk(9)]),
    ("Twalk-of-none", [.walk(1, 9), .clunk(9)]),
    ("Twalk-to-nothing", [.walk(0, 9, "nothing")]),
    ("Tgetattr", [.status(1), .status(2)]),
    ("Tsetattr", [.change(1, 1, mode: 0o600), .change(2, 0x70), .change(2, 8, size: 4)]),
    ("Tlopen", [.walk(0, 9, "file"), .open(9, 2), .clunk(9)]),
    ("Tlcreate", [.walk(0, 9), .create(9, "new"), .clunk(9), .unlink(0, "new")]),
    ("Tread", [.read(2)]),
    ("Twrite", [.write(2, 0, Array("text".utf8))]),
    ("Treaddir", [.list(3)]),
    ("Tmkdir", [.makeDirectory(0, "made"), .unlink(0, "made", 0x200)]),
    ("Tmknod", [.makeNode(0, "made", mode: 0o10644), .unlink(0, "made")]),
    ("Tsymlink", [.symlink(0, "made", "target"), .unlink(0, "made")]),
    ("Tlink", [.link(0, 1, "made"), .unlink(0, "made")]),
    ("Trenameat", [.rename(0, "file", 0, "other"), .rename(0, "other", 0, "file")]),
    ("Treadlink", [.readLink(4)]),
    ("Tstatfs", [.fileSystem(1)]),
    ("Tfsync", [.synchronize(2)]),
    ("Txattrwalk", [.walkAttribute(1, 9, "user.a"), .read(9), .clunk(9)]),
    ("Txattrwalk-of-all", [.walkAttribute(1, 9, ""), .read(9), .clunk(9)]),
    ("Txattrwalk-to-nothing", [.walkAttribute(1, 9, "user.none")]),
    ("Txattrcreate", [.walk(1, 9), .createAttribute(9, "user.b", 1), .write(9, 0, [1]), .clunk(9)]),
    ("Tflush", [.flush(7)]),
    ("Tlock", [.lock(2, 1), .getLock(2, 1), .lock(2, 2)]),
    ("malformed", [NinePMessage(110, .four(0))]),
    ("unknown", [NinePMessage(200)]),
  ]
}
