internal import FuzzDriver
internal import FuzzTargets

fuzz(RequestTarget.run)
