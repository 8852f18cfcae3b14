import Confinement
import Linux

/// `USER:GROUP`, each a name or a number.
struct Account {
  let identity: Identity

  init(argument: String) throws {
    do throws(AccountNames.Unknown) {
      identity = try AccountNames.identity(argument)
    } catch {
      throw Misuse(error.description)
    }
  }
}
