package import CSimdJSON

extension [[PathStep]] {
    /// Gives `body` the paths as parsers in C take them: a pointer that is never null, and how many there are.
    ///
    /// The pointer is good until `body` returns.
    package func withParserPaths<Result>(_ body: (UnsafePointer<hw_json_path>?, Int) -> Result) -> Result {
        // All names in one buffer and all steps in another, so that the pointers into them hold together.
        var names: [UInt8] = [0]
        var starts: [Int] = []
        for step in joined() {
            starts.append(names.count)
            if case .member(let name) = step { names.append(contentsOf: name) }
        }
        return unsafe names.withUnsafeBufferPointer { names in
            var steps: [hw_json_step] = unsafe []
            for (step, start) in zip(joined(), starts) {
                switch step {
                case .member(let name):
                    let pointer = unsafe names.baseAddress?.advanced(by: start)
                    unsafe steps.append(hw_json_step(name: pointer, name_length: name.count, index: 0))
                case .element(let index):
                    unsafe steps.append(hw_json_step(name: nil, name_length: 0, index: UInt32(index)))
                }
            }
            return unsafe steps.withUnsafeBufferPointer { steps in
                var list: [hw_json_path] = unsafe []
                var first = 0
                for path in self {
                    unsafe list.append(hw_json_path(steps: steps.baseAddress?.advanced(by: first), count: path.count))
                    first += path.count
                }
                // Of no paths there is a pointer too.
                unsafe list.append(hw_json_path())
                return unsafe list.withUnsafeBufferPointer { unsafe body($0.baseAddress, count) }
            }
        }
    }
}
