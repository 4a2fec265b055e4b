import Foundation
import OnnxRuntimeBindings

/// The model, run by ONNX Runtime.
public final class Model {
    public let columns: Columns
    private let environment: ORTEnv
    private let session: ORTSession

    /// Loads a model from a file.
    public init(path: String, columns: Columns) throws {
        self.columns = columns
        environment = try ORTEnv(loggingLevel: .warning)
        session = try ORTSession(env: environment, modelPath: path, sessionOptions: nil)
    }

    /// Loads the model of this package.
    public static func load() throws -> Model {
        guard let path = Bundle.module.path(forResource: "model", ofType: "onnx"),
            let columns = Bundle.module.url(forResource: "columns", withExtension: "json")
        else { throw CocoaError(.fileNoSuchFile) }
        return try Model(path: path, columns: Columns(Data(contentsOf: columns)))
    }

    /// The rows to test the model with.
    static var sample: URL? { Bundle.module.url(forResource: "sample", withExtension: "json") }

    /// Returns the prediction for a row.
    public func predict(_ row: Row) throws -> Prediction {
        var inputs: [String: ORTValue] = [:]
        for (column, value) in zip(columns.all, row.values) {
            inputs[column.name] = try tensor(column.read(value))
        }
        let names = columns.targets.map { $0.output }
        let results = try session.run(
            withInputs: inputs, outputNames: Set(names), runOptions: nil)
        let outputs = try names.map { name -> [Double] in
            guard let value = results[name] else { throw CocoaError(.fileReadCorruptFile) }
            let content = try value.tensorData() as Data
            return content.withUnsafeBytes { $0.bindMemory(to: Float.self).map(Double.init) }
        }
        return Prediction(columns.targets, outputs)
    }

    private func tensor(_ elements: Elements) throws -> ORTValue {
        switch elements {
        case .strings(let values):
            return try ORTValue(tensorStringData: values, shape: [NSNumber(value: values.count)])
        case .floats(let values):
            return try counts(Data(bytes: values, count: 4 * values.count), .float, values.count)
        case .ints(let values):
            return try counts(Data(bytes: values, count: 4 * values.count), .int32, values.count)
        case .doubles, .longs:
            throw CocoaError(.featureUnsupported)
        }
    }

    private func counts(
        _ content: Data, _ type: ORTTensorElementDataType, _ size: Int
    ) throws -> ORTValue {
        try ORTValue(
            tensorData: NSMutableData(data: content), elementType: type,
            shape: [1, NSNumber(value: size)])
    }
}
