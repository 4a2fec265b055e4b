import ExecuTorch
import Foundation

/// The model, run by ExecuTorch.
public final class Model {
    public let columns: Columns
    private let module: Module

    /// Loads a model from a file.
    public init(path: String, columns: Columns) throws {
        self.columns = columns
        module = Module(filePath: path)
        try module.load("forward")
    }

    /// Loads the model of this package.
    public static func load() throws -> Model {
        guard let path = Bundle.module.path(forResource: "model", ofType: "pte"),
            let columns = Bundle.module.url(forResource: "columns", withExtension: "json")
        else { throw CocoaError(.fileNoSuchFile) }
        return try Model(path: path, columns: Columns(Data(contentsOf: columns)))
    }

    /// The rows to test the model with.
    static var sample: URL? { Bundle.module.url(forResource: "sample", withExtension: "json") }

    /// Returns the prediction for a row.
    public func predict(_ row: Row) throws -> Prediction {
        let inputs = zip(columns.all, row.values).map { column, value in
            tensor(column.kind, column.read(value))
        }
        let outputs = try module.forward(inputs).map { value -> [Double] in
            guard let made: Tensor<Double> = value.tensor() else {
                throw CocoaError(.fileReadCorruptFile)
            }
            return made.scalars()
        }
        return Prediction(columns.targets, outputs)
    }

    private func tensor(_ kind: String, _ elements: Elements) -> ValueConvertible {
        switch elements {
        case .doubles(let values):
            return Tensor<Double>(values, shape: [1])
        case .longs(let values):
            return Tensor<Int64>(values, shape: [1])
        case .ints(let values):
            return Tensor<Int32>(values, shape: kind == "text" ? [1, values.count] : [1])
        case .floats(let values):
            return Tensor<Float>(values, shape: [1, values.count])
        case .strings:
            return Tensor<Int32>([0], shape: [1])
        }
    }
}
