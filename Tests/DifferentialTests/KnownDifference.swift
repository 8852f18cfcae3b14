/// Where the two helpers may differ: the original is wrong there, or can't be asked.
///
/// None of these is simply overlooked: ``handling`` says what is checked instead.
enum KnownDifference: String, CaseIterable {
  case rootWithAnotherGroup
  case invalidIdentity
  case specialFile
  case deviceOnNodev
  case emptyString
  case embeddedNUL
  case trailingBytes
  case longPath
  case negativeSize
  case sizeBeyondValue
  case creatingOpen
  case droppedFlags
  case generation

  /// What is done about one of them.
  enum Handling: String {
    /// Neither is asked.
    case avoided
    /// Only ours is asked, and must answer with the right errno.
    case askedAlone = "asked alone"
    /// The original is asked for the same thing in words that it understands; the answers must agree.
    case reworded
    /// Both are asked, and each must give its own answer.
    case bothRight = "own answers"
  }

  var handling: Handling {
    switch self {
    case .rootWithAnotherGroup: .avoided
    case .invalidIdentity, .embeddedNUL, .trailingBytes, .negativeSize, .sizeBeyondValue, .creatingOpen: .askedAlone
    case .specialFile, .emptyString, .longPath, .droppedFlags, .generation: .reworded
    case .deviceOnNodev: .bothRight
    }
  }

  /// What the original does, and why ours doesn't.
  var reason: String {
    switch self {
    case .rootWithAnotherGroup:
      "creating as uid 0 with a gid other than 0, the original drops its capabilities and never takes them back"
    case .invalidIdentity:
      "the ids -1 mean 'unchanged' to setresuid: the original creates as root. Ours: EINVAL"
    case .specialFile:
      "the original opens FIFOs, sockets and devices before it looks what they are: it waits for a FIFO's peer, and "
        + "says what is wrong with the flags. Ours: ENXIO. It is asked to open the same for reading, without waiting"
    case .deviceOnNodev:
      "on a nodev mount opening a device is EACCES; ours doesn't try to open it, and says ENXIO everywhere"
    case .emptyString:
      "an empty string is a null pointer in the original: EFAULT. It is asked with a lone NUL, which it handles right"
    case .embeddedNUL:
      "the original takes a path up to its first NUL, so for another path than was named. Ours: EINVAL"
    case .trailingBytes:
      "the original ignores what follows the last field, though nothing can. Ours: EINVAL"
    case .longPath:
      "the original refuses paths of PATH_MAX bytes and more; ours walks them. The original is asked with a short one"
    case .negativeSize:
      "the original allocates what a negative size says, which ends it. Ours: EINVAL"
    case .sizeBeyondValue:
      "the original reads past the end of a value that is shorter than its size. Ours: EINVAL"
    case .creatingOpen:
      "O_CREAT and O_TMPFILE in T_OPEN create as root with a random mode, O_PATH opens what no open may. Ours: EINVAL"
    case .droppedFlags:
      "flags that QEMU filters out (O_ASYNC, O_NOCTTY) reach the original's file; ours drops them"
    case .generation:
      "the original's T_GETVERSION leaves half of the answer undefined, or says 0 for whatever name it gets, existing "
        + "or not. An open of the same file must succeed or fail alike; the number is compared with the ioctl's"
    }
  }
}
