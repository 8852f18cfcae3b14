import Glibc
import HelperHarness
import Testing

/// What `script/install` puts where, and takes away again.
@Suite("Install")
struct InstallTests {
  private let place: TemporaryDirectory
  private var prefix: String { place.path + "/usr/local" }

  init() throws {
    place = try TemporaryDirectory()
  }

  /// Runs `script/install`, without building anything.
  private func install(_ arguments: String...) throws -> (status: CInt?, lines: [Substring]) {
    let output = try Output()
    let process = try spawn(Programs.script("install"), arguments, output: output)
    return (process.wait(seconds: 60), output.lines)
  }

  private func shell(_ script: String) throws -> (status: CInt?, text: String) {
    let output = try Output()
    let process = try spawn("/bin/bash", ["-c", "set -eu; cd \"$1\"; \(script)", "bash", place.path], output: output)
    return (process.wait(seconds: 60), output.text)
  }

  private func names() throws -> [Substring] {
    try shell("find . | LC_ALL=C sort").text.split(separator: "\n")
  }

  @Test("what is installed works, twice over, and is removed without a trace")
  func prefixed() throws {
    #expect(try shell("mkdir -p usr/local/bin && echo another >usr/local/bin/other").status == 0)
    let before = try names()
    for _ in 0..<2 {
      let (status, lines) = try install("--no-build", "--prefix", prefix)
      #expect(status == 0, "\(lines)")
      let told = lines.filter { $0.hasPrefix("installed ") }.map { $0.dropFirst("installed ".count) }
      let there = try shell("find \(prefix) -type f ! -name other ! -name installed").text.split(separator: "\n")
      #expect(told.sorted() == there.sorted())
    }
    for program in ["virtfs-proxy-helper", "postern"] {
      #expect(try shell("usr/local/bin/\(program) -h").text.contains(program))
    }
    #expect(try shell("usr/local/sbin/mount.postern share /mnt -fv").text.hasPrefix("mount -t 9p -o trans=virtio,"))
    let pages = try shell("ls usr/local/share/man/man1").text.split(separator: "\n")
    #expect(pages.contains("postern-9p.1") && pages.contains("virtfs-proxy-helper.1"))
    let starts = try shell("grep -h ^ExecStart= usr/local/lib/systemd/system/*.service").text.split(separator: "\n")
    #expect(!starts.isEmpty && starts.allSatisfy { $0.hasPrefix("ExecStart=\(prefix)/bin/postern ") }, "\(starts)")
    #expect(try shell("bash -n usr/local/share/bash-completion/completions/postern").status == 0)

    #expect(try install("--uninstall", "--prefix", prefix).status == 0)
    #expect(try names() == before)
    // Nothing is left to be removed.
    #expect(try install("--uninstall", "--prefix", prefix).status == 1)
  }

  @Test(
    "the manuals can be read where they are installed",
    .enabled(if: access("/usr/bin/mandoc", X_OK) == 0, "needs mandoc"))
  func manuals() throws {
    #expect(try install("--no-build", "--prefix", prefix).status == 0)
    let page = try shell("for page in usr/local/share/man/man[18]/*; do mandoc -Tmarkdown -Wwarning \"$page\"; done")
    #expect(page.status == 0 && page.text.contains("# SYNOPSIS"), "\(page.text.prefix(500))")
  }

  @Test("a path of the list that leads elsewhere isn't removed")
  func lists() throws {
    #expect(try shell("mkdir usr && mkdir usr/local other && touch other/file").status == 0)
    for path in ["\(place.path)/other/file", "\(prefix)/../../other/file"] {
      #expect(try install("--no-build", "--prefix", prefix).status == 0)
      #expect(try shell("echo 'file \(path)' >>usr/local/share/postern/installed").status == 0)
      #expect(try install("--uninstall", "--prefix", prefix).status == 1)
      #expect(try shell("test -e other/file").status == 0)
    }
  }

  @Test(
    "QEMU's own helper is out of the way, also after an upgrade, until ours is removed",
    .enabled(if: hasRoot() && access("/usr/bin/dpkg-divert", X_OK) == 0, "needs root and dpkg"))
  func diverted() throws {
    // A package that brings such a helper, twice.
    let packages = try shell(
      """
      mkdir -p root/var/lib/dpkg/{info,updates,triggers} && touch root/var/lib/dpkg/{status,available}
      for version in 1 2; do
        mkdir -p package/DEBIAN package/usr/lib/qemu
        echo "version $version" >package/usr/lib/qemu/virtfs-proxy-helper
        printf '%s\\n' 'Package: qemu' "Version: $version" 'Architecture: all' 'Maintainer: nobody <n@example.org>' \\
          'Description: a helper' >package/DEBIAN/control
        dpkg-deb --build package "$version.deb"
      done
      \(unpack("1.deb"))
      """)
    #expect(packages.status == 0, "\(packages.text)")
    let (root, helper) = (place.path + "/root", "root/usr/lib/qemu/virtfs-proxy-helper")
    #expect(try shell("cat \(helper)").text == "version 1\n")

    for _ in 0..<2 {
      let (status, lines) = try install("--no-build", "--destdir", root, "--divert")
      #expect(status == 0, "\(lines)")
      #expect(try shell("readlink \(helper)").text == "/usr/local/bin/virtfs-proxy-helper\n")
    }
    #expect(try shell(unpack("2.deb")).status == 0)
    #expect(try shell("readlink \(helper)").text == "/usr/local/bin/virtfs-proxy-helper\n")

    let (status, lines) = try install("--uninstall", "--destdir", root)
    #expect(status == 0, "\(lines)")
    #expect(try shell("cat \(helper)").text == "version 2\n")
    #expect(try shell("find root/usr -type f").text == "\(helper)\n")
  }

  /// Has dpkg install a package in a directory rather than the machine.
  private func unpack(_ package: String) -> String {
    "dpkg --root=\"$PWD/root\" --force-script-chrootless --install \(package)"
  }

  @Test("without a helper of QEMU's there is nothing to divert")
  func absent() throws {
    let (status, lines) = try install("--no-build", "--destdir", place.path, "--divert")
    #expect(status == 1 && lines.last?.contains("qemu-system-common") == true, "\(lines)")
  }
}
