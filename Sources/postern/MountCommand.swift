import ArgumentParser
import Confinement
import Linux
import NinePMount

/// `postern mount`, for the guest.
struct MountCommand: ParsableCommand {
  /// The name that `mount(8)` starts the program by, for `mount -t postern` and `fstab(5)`.
  static let helperName = "mount.postern"

  static let configuration = CommandConfiguration(
    commandName: "mount",
    abstract: "Mount what a 9P server has, in a guest or container.",
    usage: "postern mount SOURCE DIR [--export NAME] [-o OPTIONS]",
    discussion: """
      SOURCE is virtio:TAG (or TAG), vsock:[CID:]PORT (CID 2, the host, is the
      default), port:NAME of a virtio serial port, tcp:HOST:PORT or unix:PATH.

      EXAMPLES
        postern mount share /mnt
        postern mount vsock:5640 /mnt --export home -o ro,cache=mmap
        postern mount port:share /mnt

      With a link /sbin/mount.postern to this program, in /etc/fstab:
        share  /mnt  postern  cache=mmap,nofail  0 0
      """)

  @Argument(help: .init("Where the server is.", valueName: "source"), completion: Self.sources)
  var source: String

  @Argument(help: .init("The directory to mount at.", valueName: "dir"), completion: .directory)
  var directory: String

  @Option(
    name: [.customShort("o"), .long],
    help: .init("Mount options: of any mount, of 9p, or fstab's.", valueName: "options"))
  var options: [String] = []

  @Option(help: .init("Which export, where the server has several (aname=).", valueName: "name"))
  var export: String?

  @Flag(name: .shortAndLong, help: "Print the mount command of the kernel's client.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Mount nothing.")
  var fake = false

  // What else mount(8) may give a program of this name.

  @Flag(name: .customShort("s"), help: .hidden)
  var sloppy = false

  @Flag(name: .customShort("n"), help: .hidden)
  var withoutTable = false

  @Option(name: .customShort("t"), help: .hidden)
  var type: String?

  /// How sources begin. zsh takes a bare colon for the beginning of an explanation.
  private static var sources: CompletionKind {
    let colon = CompletionShell.requesting == .zsh ? "\\:" : ":"
    return .list(["port", "tcp", "unix", "virtio", "vsock"].map { $0 + colon })
  }

  /// Puts the command's name first where the program has the name that `mount(8)` looks for.
  static func words(_ words: [String]) -> [String] {
    guard let pointer = unsafe CommandLine.unsafeArgv[0] else { return words }
    let name = unsafe HostPath(argument: pointer).lastComponent
    let wanted = HostPath(lasting: helperName)
    return HostPath(lasting: name) == wanted ? ["mount"] + words : words
  }

  func run() throws {
    do throws(MountFailure) {
      let options = try MountOptions(
        options.map { CommandWords.path($0) }, export: export.map { CommandWords.path($0) })
      let mount = try NinePMount(CommandWords.path(source), at: CommandWords.path(directory), options: options)
      if verbose {
        let words = mount.words
        StandardOutput.write(
          line: "mount -t 9p -o \(ShellWord.quoted(words.options.span)) \(ShellWord.quoted(words.source.bytes)) "
            + ShellWord.quoted(words.directory.bytes))
      }
      if !fake { try mount.make() }
    } catch {
      if !error.message.isEmpty { Log.write(.critical, error.message) }
      throw ExitCode(error.status)
    }
  }
}
