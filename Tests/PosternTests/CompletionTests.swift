import Glibc
import HelperHarness
import Testing

/// What shells offer for words that aren't complete.
@Suite("Completion")
struct CompletionTests {
  private static let helper =
    String(#filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined())
    + "/contrib/completions/virtfs-proxy-helper.bash"

  /// What bash offers for the last of these words, sorted.
  private func offered(_ words: [String], in directory: String = "/") throws -> [Substring] {
    let script = """
      cd "$1" && source <("$2" --generate-completion-script bash) && source "$3" || exit 1
      shift 3
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=$((${#COMP_LINE}))
      case $1 in postern) f=_postern ;; *) f=_virtfs_proxy_helper ;; esac
      "$f" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}" | LC_ALL=C sort
      """
    let output = try Output()
    let process = try spawn(
      "/bin/bash", ["-c", script, "bash", directory, Programs.postern, Self.helper] + words, output: output)
    #expect(process.wait(seconds: 20) == 0, "\(output.text)")
    return output.lines
  }

  @Test(
    "bash offers commands, options and known values",
    arguments: [
      ([""], ["--help", "--version", "-h", "9p", "help", "mount", "proxy"]),
      (["9"], ["9p"]), (["9p", "--li"], ["--listen"]), (["9p", "--listen", "u"], ["unix:"]),
      (["9p", "-l", ""], ["fd:", "systemd", "tcp:", "unix:", "vsock:"]),
      (["9p", "--export", "/srv", "--sandbox", ""], ["auto", "namespace", "none"]),
      (["9p", "--seccomp", "k"], ["kill"]), (["9p", "--gid"], ["--gid-map"]),
      (["proxy", "--so"], ["--socket"]), (["proxy", "--sandbox", "n"], ["namespace", "none"]),
      (["proxy", "--file-capabilities", ""], ["allow", "refuse"]),
      (["9p", "--squash", ""], []), (["mount", "v"], ["virtio:", "vsock:"]), (["mount", "--ex"], ["--export"]),
    ] as [([String], [String])])
  func words(words: [String], expected: [String]) throws {
    #expect(try offered(["postern"] + words).map { String($0) } == expected)
  }

  @Test(
    "bash offers the helper's options and known values",
    arguments: [
      (["--so"], ["--socket"]), (["--sandbox", "n"], ["namespace", "none"]), (["--seccomp", "k"], ["kill"]),
      (["--file-capabilities", ""], ["allow", "refuse"]), (["--fi"], ["--file-capabilities"]),
      (["-n", "--uid"], ["--uid", "--uid-map"]), (["-u", ""], []),
    ] as [([String], [String])])
  func helper(words: [String], expected: [String]) throws {
    #expect(try offered(["virtfs-proxy-helper"] + words).map { String($0) } == expected)
  }

  @Test("bash offers directories to export, and files to the helper")
  func files() throws {
    let directory = try TemporaryDirectory()
    mkdir(directory.path + "/share", 0o755)
    close(open(directory.path + "/shadow", O_CREAT | O_WRONLY | O_CLOEXEC, 0o644))
    #expect(try offered(["postern", "9p", "--export", "sha"], in: directory.path) == ["share"])
    #expect(try offered(["postern", "9p", "-e", "sha"], in: directory.path) == ["share"])
    #expect(try offered(["postern", "proxy", "-p", "sha"], in: directory.path) == ["share"])
    #expect(try offered(["postern", "proxy", "-s", "sha"], in: directory.path) == ["shadow", "share"])
    #expect(try offered(["virtfs-proxy-helper", "-p", "sha"], in: directory.path) == ["share"])
    #expect(try offered(["virtfs-proxy-helper", "-s", "sha"], in: directory.path) == ["shadow", "share"])
  }

  @Test(
    "each shell takes its script",
    arguments: [("bash", "/bin/bash"), ("zsh", "/usr/bin/zsh"), ("fish", "/usr/bin/fish")].filter {
      access($0.1, X_OK) == 0
    })
  func scripts(name: String, shell: String) throws {
    let output = try Output()
    let script = "\"$1\" --generate-completion-script \(name) | \"$2\" -n /dev/stdin"
    let process = try spawn("/bin/bash", ["-c", script, "bash", Programs.postern, shell], output: output)
    #expect(process.wait(seconds: 20) == 0)
    #expect(output.text.isEmpty, "\(output.text)")
  }

  @Test("zsh gets its colons as it needs them")
  func colons() throws {
    for (shell, word) in [("zsh", "'unix\\:'"), ("bash", "'unix:'"), ("fish", "unix: ")] {
      let output = try Output()
      let process = try spawn(Programs.postern, ["--generate-completion-script", shell], output: output)
      #expect(process.wait(seconds: 20) == 0)
      #expect(output.text.contains(word), "\(shell)")
    }
  }
}
