/// `--socket-mode`: permission bits, in octal digits.
struct SocketMode {
  let bits: UInt32

  init(argument: String) throws {
    guard let bits = UInt32(argument, radix: 8), bits <= 0o777 else {
      throw Misuse("say an octal number from 0 to 777, such as 0660")
    }
    self.bits = bits
  }
}
