internal import FuzzDriver
internal import FuzzTargets

fuzz(NinePTarget.run)
