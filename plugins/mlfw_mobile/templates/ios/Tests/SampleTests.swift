import Foundation
import XCTest

@testable import @MODULE@

/// The model predicts here what it predicted when it was exported.
final class SampleTests: XCTestCase {
    func testPredictsTheSample() throws {
        let model = try Model.load()
        let url = try XCTUnwrap(Model.sample)
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
        let rows = try XCTUnwrap(json?["rows"] as? [[String: Any]])
        let predictions = try XCTUnwrap(json?["predictions"] as? [[Any]])
        for (place, (row, expected)) in zip(rows, predictions).enumerated() {
            let found = try model.predict(Row(model.columns.parse(row))).entries
            for (target, (_, value)) in zip(expected, found) {
                compare("row \(place)", target, value)
            }
        }
    }

    private func compare(_ row: String, _ expected: Any, _ found: Any) {
        if let number = (expected as? NSNumber)?.doubleValue {
            let made = found as? Double ?? .nan
            XCTAssertEqual(made, number, accuracy: 1e-5 * max(1, abs(number)), row)
            return
        }
        let wanted = expected as? [String: Any] ?? [:]
        let likely = found as? Likely
        let labels = found as? Labels
        let made = likely?.probabilities ?? labels?.probabilities ?? []
        let probabilities = wanted["probabilities"] as? [Double] ?? []
        XCTAssertEqual(made.count, probabilities.count, row)
        for (one, other) in zip(made, probabilities) {
            XCTAssertEqual(one, other, accuracy: 1e-5, row)
        }
        if wanted["close"] as? Bool ?? false { return }
        XCTAssertEqual(likely?.label, wanted["label"] as? String, row)
        XCTAssertEqual(labels?.labels, wanted["labels"] as? [String], row)
    }
}
