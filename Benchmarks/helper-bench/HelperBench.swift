@main enum HelperBench { static func main() {} }
