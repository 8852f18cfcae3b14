internal import FuzzDriver
internal import FuzzTargets

fuzz(NinePSplitTarget.run)
