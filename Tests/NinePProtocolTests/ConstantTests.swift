import Glibc
import NinePProtocol
import Testing

/// The numbers of the wire. Where Linux's own headers have them, they are compared with those.
@Suite struct ConstantTests {
  @Test func errorsAreLinuxs() {
    let errors: [(ErrorNumber, CInt)] = [
      (.notPermitted, EPERM), (.noEntry, ENOENT), (.inputOutput, EIO), (.noDevice, ENXIO), (.tooBig, E2BIG),
      (.badFid, EBADF), (.noMemory, ENOMEM), (.accessDenied, EACCES), (.busy, EBUSY), (.exists, EEXIST),
      (.otherDevice, EXDEV), (.unsupportedDevice, ENODEV), (.notDirectory, ENOTDIR), (.isDirectory, EISDIR),
      (.invalid, EINVAL), (.tooManyOpenFilesInSystem, ENFILE), (.tooManyOpenFiles, EMFILE), (.fileTooLarge, EFBIG),
      (.noSpace, ENOSPC), (.readOnly, EROFS), (.outOfRange, ERANGE), (.nameTooLong, ENAMETOOLONG),
      (.noSystemCall, ENOSYS), (.notEmpty, ENOTEMPTY), (.symbolicLink, ELOOP), (.noAttribute, ENODATA),
      (.protocolError, EPROTO), (.messageSize, EMSGSIZE), (.notSupported, EOPNOTSUPP),
    ]
    for (error, number) in errors { #expect(error.rawValue == UInt32(number)) }
  }

  @Test func openFlagsAreLinuxsOnX86() {
    let flags: [(OpenFlags, UInt32)] = [
      (.create, 0x40), (.exclusive, 0x80), (.noControllingTerminal, 0x100), (.truncate, 0x200), (.append, 0x400),
      (.nonBlocking, 0x800), (.synchronousData, 0x1000), (.signals, 0x2000), (.direct, 0x4000), (.largeFile, 0x8000),
      (.directory, 0x10000), (.noFollow, 0x20000), (.noAccessTime, 0x40000), (.closeOnExec, 0x80000),
      (.synchronous, 0x100000),
    ]
    for (flag, bits) in flags { #expect(flag.rawValue == bits) }
    #if arch(x86_64)
      let here: OpenFlags = [
        .create, .exclusive, .truncate, .append, .nonBlocking, .directory, .noFollow, .closeOnExec,
      ]
      let theirs = O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
      #expect(here.rawValue == UInt32(theirs))
      #expect(OpenFlags([.synchronous, .synchronousData]).rawValue == UInt32(O_SYNC))
    #endif
    #expect(OpenFlags(.write, with: [.create, .truncate]).rawValue == 0x241)
    #expect(OpenFlags(.read, with: OpenFlags(rawValue: 3)).rawValue == 0)
  }

  @Test func otherFlagsAreLinuxs() {
    #expect(UnlinkFlags.directory.rawValue == UInt32(AT_REMOVEDIR))
    #expect(ExtendedAttributeFlags.create.rawValue == 1)
    #expect(ExtendedAttributeFlags.replace.rawValue == 2)
  }

  @Test func kindsOfEntriesAreLinuxs() {
    let kinds: [(DirectoryEntry.Kind, Int)] = [
      (.unknown, DT_UNKNOWN), (.fifo, DT_FIFO), (.characterDevice, DT_CHR), (.directory, DT_DIR),
      (.blockDevice, DT_BLK), (.regular, DT_REG), (.symbolicLink, DT_LNK), (.socket, DT_SOCK),
    ]
    for (kind, number) in kinds { #expect(Int(kind.rawValue) == number) }
  }

  @Test func attributesAreTheProtocols() {
    let asked: [FileAttributes.Fields] = [
      .mode, .links, .uid, .gid, .specialDevice, .access, .modification, .change, .inode, .size, .blocks, .birth,
      .generation, .dataVersion,
    ]
    for (bit, field) in asked.enumerated() { #expect(field.rawValue == 1 << UInt64(bit)) }
    #expect(FileAttributes.Fields.basic == FileAttributes.Fields(asked.prefix(11)))
    #expect(FileAttributes.Fields.all == FileAttributes.Fields(asked))
    let set: [AttributeChange.Fields] = [
      .mode, .uid, .gid, .size, .access, .modification, .change, .accessIsGiven, .modificationIsGiven,
    ]
    for (bit, field) in set.enumerated() { #expect(field.rawValue == 1 << UInt32(bit)) }
  }

  @Test func kindsOfFilesAreTheProtocols() {
    let kinds: [Qid.Kind] = [
      .hardLink, .symbolicLink, .temporary, .authentication, .mount, .exclusive, .appendOnly, .directory,
    ]
    for (bit, kind) in kinds.enumerated() { #expect(kind.rawValue == 1 << UInt8(bit)) }
    #expect(Qid.Kind.file.rawValue == 0)
  }

  @Test func locksAreTheProtocols() {
    #expect([Lock.Kind.shared, .exclusive, .unlocked].map(\.rawValue) == [0, 1, 2])
    #expect([Lock.Flags.block, .reclaim].map(\.rawValue) == [1, 2])
    #expect([Lock.Status.success, .blocked, .error, .grace].map(\.rawValue) == [0, 1, 2, 3])
  }
}
