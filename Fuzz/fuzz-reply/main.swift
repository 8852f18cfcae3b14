internal import FuzzDriver
internal import FuzzTargets

fuzz(ReplyTarget.run)
