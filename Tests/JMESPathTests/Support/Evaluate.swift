import JMESPath

/// The JSON text of the result of an expression.
func evaluate(
    _ expression: String,
    _ document: String,
    envelope: JMESPathEnvelope? = nil
) throws -> String {
    let evaluator = try JMESPathEvaluator(select: JMESPathExpression(expression))
    var output: [UInt8] = []
    var document = document
    _ = try document.withUTF8 { bytes in
        try unsafe evaluator.write(UnsafeRawBufferPointer(bytes), envelope: envelope, into: &output)
    }
    return String(decoding: output, as: UTF8.self)
}
