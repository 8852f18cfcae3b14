import Serving
import Testing

/// Users that are given by name.
@Suite("Accounts")
struct AccountsTests {
  private func uid(_ name: String, in text: String) -> UInt32? {
    let name = Array(name.utf8)
    return Accounts(Array(text.utf8)).uid(of: name.span)
  }

  @Test("a name is the first account's of that name, and a number is itself")
  func names() {
    let text = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:100::/:\nalice:x:7:7::/:\nbob:*:4294967294:1:::"
    #expect(uid("root", in: text) == 0)
    #expect(uid("alice", in: text) == 1000)
    #expect(uid("bob", in: text) == 4_294_967_294)
    #expect(uid("4711", in: text) == 4711)
    #expect(uid("0", in: "") == 0)
    for unknown in ["", "ali", "alicex", "Alice", "x", "4294967295", "4294967296", "-1", " 1", "1x"] {
      #expect(uid(unknown, in: text) == nil, "\(unknown)")
    }
  }

  @Test("lines that aren't an account's are left out")
  func malformed() {
    let text =
      "\n:::\n:x:5:5:::\na\nb:x\nc:x:\nd:x:y:0:::\ne:x:4294967295:0:::\nf:x:99999999999:0:::\n# c\n+::::::\n-g:x:1"
    for name in ["", "a", "b", "c", "d", "e", "f", "# c", "+", "-g"] { #expect(uid(name, in: text) == nil, "\(name)") }
  }
}
