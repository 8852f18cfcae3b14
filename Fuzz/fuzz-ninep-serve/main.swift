internal import FuzzDriver
internal import FuzzTargets

fuzz(NinePServeTarget.run)
