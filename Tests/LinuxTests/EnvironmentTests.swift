import Glibc
import Linux
import Testing

@Suite struct EnvironmentTests {
  @Test("a variable that was taken is no child's")
  func take() {
    setenv("POSTERN_TEST_TAKEN", "a value", 1)
    #expect(Process.takeVariable("POSTERN_TEST_TAKEN")?.description == "a value")
    #expect(getenv("POSTERN_TEST_TAKEN") == nil)
    #expect(Process.takeVariable("POSTERN_TEST_TAKEN") == nil)
  }
}
