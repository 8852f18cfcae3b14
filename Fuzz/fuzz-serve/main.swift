internal import FuzzDriver
internal import FuzzTargets

fuzz(ServeTarget.run)
