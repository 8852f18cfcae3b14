import CLinux
import Glibc
import HelperHarness
import ProxyProtocol
import Testing

extension AttackTests {
  /// Words that a client passes for flags of `open(2)`.
  @Suite struct OpenFlagsTests {
    /// What the descriptor of a file may have; O_LARGEFILE the kernel itself sets.
    private static let allowed =
      O_ACCMODE | O_APPEND | O_DSYNC | O_SYNC | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | cl_o_direct | cl_o_noatime
      | 0o100000

    /// Each bit alone and with each way of access, and random words.
    private static let words: [CInt] = {
      var random = Random(seed: 77)
      let single = (0..<32).flatMap { bit in
        [O_RDONLY, O_WRONLY, O_RDWR].map { $0 | CInt(bitPattern: 1 << UInt32(bit)) }
      }
      return [0, -1, O_ACCMODE] + single + (0..<400).map { _ in CInt(truncatingIfNeeded: random.next()) }
        // Few bits, so that some are understood.
        + (0..<400).map { _ in (0..<4).reduce(0) { word, _ in word | CInt(bitPattern: 1 << UInt32(random.below(26))) } }
    }()

    private func prepared(_ start: Start) throws -> Place {
      let place = try Place(start)
      try place.makeFile(place.export + "/file", Array("content".utf8))
      try place.make(place.export + "/directory")
      try place.makeLink("file", "link")
      try check(mkfifo(place.export + "/fifo", 0o666), "mkfifo")
      return place
    }

    /// Checks what came of a word: errors, or a descriptor with nothing but what it may have.
    private func expect(_ answer: Answer, _ message: Message, word: CInt, isCreating: Bool) {
      switch answer {
      case .word(Frame.descriptorFollows, let file?):
        let flags = fcntl(file.descriptor, F_GETFL)
        #expect(flags & ~Self.allowed == 0, "\(message): 0\(String(flags & ~Self.allowed, radix: 8)) more")
        #expect(flags & O_ACCMODE == word & O_ACCMODE, "\(message)")
        #expect(fcntl(file.descriptor, F_GETFD) == FD_CLOEXEC, "\(message)")
        #expect(word & cl_o_path == 0, "\(message): only names a file")
        #expect(word & cl_o_tmpfile != cl_o_tmpfile, "\(message): a file without a name")
        if !isCreating { #expect(word & O_CREAT == 0, "\(message): would create") }
        var status = stat()
        fstat(file.descriptor, &status)
        let kind = status.st_mode & S_IFMT
        #expect(kind == S_IFREG || kind == S_IFDIR, "\(message)")
        #expect(status.st_nlink > 0, "\(message): a file without a name")
      case .word(let word, nil):
        #expect(word < 0 && word > -4096, "\(message): \(answer)")
      default:
        Issue.record("\(message): \(answer)")
      }
    }

    @Test(arguments: Start.all)
    func onlyHarmlessOnesReachAFile(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for word in Self.words {
        for path in ["/file", "/directory", "/link", "/fifo", "/none", "/"] {
          let open = Message.open(path, word)
          expect(try peer.ask(open), open, word: word, isCreating: false)
          let create = Message.create(path, word)
          expect(try peer.ask(create), create, word: word, isCreating: true)
          if path == "/none" { _ = try peer.ask(.remove(path)) }
        }
      }
      #expect(
        Set(Tree.names(in: place.export)) == Set(["file", "directory", "link", "fifo"].map { Array($0.utf8).readable }))
      #expect(try peer.isWell())
    }

    @Test(arguments: Start.all)
    func namingAndNamelessFilesAreRefused(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      for access in [O_RDONLY, O_WRONLY, O_RDWR] {
        for word in [cl_o_path, cl_o_path | O_DIRECTORY, cl_o_path | O_NOFOLLOW, cl_o_tmpfile, cl_o_tmpfile | O_EXCL] {
          for path in ["/file", "/directory", "/link", "/fifo", "/"] {
            #expect(try peer.errno(.open(path, access | word)) == EINVAL, "\(path), \(access | word)")
            #expect(try peer.errno(.create(path, access | word)) == EINVAL, "\(path), \(access | word)")
            #expect(try peer.errno(.create(path, access | word | O_CREAT)) == EINVAL, "\(path), \(access | word)")
          }
        }
      }
      for path in ["/file", "/none"] { #expect(try peer.errno(.open(path, O_RDWR | O_CREAT)) == EINVAL) }
    }

    /// A link that mustn't be followed isn't, and one that may be is within the export.
    @Test(arguments: Start.all)
    func aLinkIsOpenedAsItsFile(start: Start) throws {
      let place = try prepared(start)
      let peer = try place.serve()
      #expect(try peer.errno(.open("/link", O_NOFOLLOW)) == ELOOP)
      #expect(try peer.errno(.create("/link", O_NOFOLLOW | O_CREAT)) == ELOOP)
      #expect(try peer.errno(.create("/link", O_CREAT | O_EXCL)) == EEXIST)
      #expect(try peer.errno(.open("/link")) == 0)
    }

    /// No word of a client changes what may only be read, and no descriptor of it can be written to.
    @Test(arguments: Start.all)
    func noneWritesWhereNothingMayBeChanged(start: Start) throws {
      let place = try prepared(start)
      var before: [String] = []
      let peer = try place.serve(["--readonly"]) {
        _ = Tree(place.export)
        before = Tree(place.export).lines
      }
      for word in Self.words {
        for path in ["/file", "/directory", "/none"] {
          for message in [.open(path, word), .create(path, word)] as [Message] {
            guard case .word(Frame.descriptorFollows, let file?) = try peer.ask(message) else { continue }
            #expect(fcntl(file.descriptor, F_GETFL) & O_ACCMODE == O_RDONLY, "\(message)")
            #expect(write(file.descriptor, "x", 1) < 0, "\(message)")
          }
        }
      }
      for message in Requests.changing(
        Array("/file".utf8), other: Array("/other".utf8), existing: Array("/link".utf8))
      {
        #expect(try peer.errno(message) == EROFS, "\(message)")
      }
      #expect(Tree(place.export).lines == before)
      #expect(try peer.isWell())
    }
  }
}
