import SwiftUI

/// A form with one field per column; the button shows the prediction.
public struct FormView: View {
    private static let unknown = "unknown"
    private static let utc = TimeZone(identifier: "UTC") ?? .current

    @State private var texts: [String: String] = [:]
    @State private var choices: [String: String] = [:]
    @State private var dates: [String: Date] = [:]
    @State private var result = ""
    private let model: Model?
    private let failure: String

    public init() {
        do {
            model = try Model.load()
            failure = ""
        } catch {
            model = nil
            failure = error.localizedDescription
        }
    }

    public var body: some View {
        Form {
            ForEach(model?.columns.all ?? [], id: \.name) { column in
                field(column)
            }
            Button("Predict") { result = predicted() }
            Text(result.isEmpty ? failure : result)
                .font(.title3)
                .accessibilityAddTraits(.updatesFrequently)
        }
        .onAppear(perform: fill)
    }

    @ViewBuilder
    private func field(_ column: Column) -> some View {
        switch column.kind {
        case "boolean":
            picker(column, options: ["yes", "no"])
        case "category":
            picker(column, options: column.choices)
        case "datetime":
            DatePicker(column.name, selection: date(column))
                .environment(\.timeZone, FormView.utc)
        default:
            LabeledContent(column.name) {
                TextField(column.holds, text: text(column))
                    .multilineTextAlignment(.trailing)
                    .accessibilityLabel(column.name)
            }
        }
    }

    private func picker(_ column: Column, options: [String]) -> some View {
        Picker(column.name, selection: choice(column)) {
            Text(FormView.unknown).tag("")
            ForEach(Array(options.enumerated()), id: \.offset) { place, option in
                Text(option).tag(String(place))
            }
        }
    }

    private func fill() {
        for column in model?.columns.all ?? [] {
            if column.kind == "category", !column.choices.isEmpty {
                choices[column.name] = "0"
            } else if let usual = column.usual {
                if column.kind == "datetime" {
                    let minutes = (usual * 1440).rounded()
                    dates[column.name] = Date(timeIntervalSince1970: minutes * 60)
                } else {
                    texts[column.name] = column.integer ? String(format: "%.0f", usual) : "\(usual)"
                }
            }
        }
    }

    private func predicted() -> String {
        guard let model else { return failure }
        var values: [String: Any] = [:]
        for column in model.columns.all {
            let text = (texts[column.name] ?? "").trimmingCharacters(in: .whitespaces)
            switch column.kind {
            case "boolean":
                values[column.name] = choices[column.name].flatMap { $0.isEmpty ? nil : $0 == "0" }
            case "category":
                let place = choices[column.name].flatMap { Int($0) }
                values[column.name] = place.map { column.choices[$0] }
            case "datetime":
                values[column.name] = dates[column.name]
            case "text":
                values[column.name] = texts[column.name] ?? ""
            default:
                if text.isEmpty { continue }
                guard let number = Double(text.replacingOccurrences(of: ",", with: ".")) else {
                    return "\(column.name): expected a number"
                }
                values[column.name] = number
            }
        }
        do {
            return try model.predict(Row(values)).entries.map(described).joined(separator: "\n\n")
        } catch {
            return error.localizedDescription
        }
    }

    private func described(_ name: String, _ value: Any) -> String {
        if let likely = value as? Likely {
            return "\(name): \(likely.label)\n" + shares(likely.classes, likely.probabilities)
        }
        if let labels = value as? Labels {
            let found = labels.labels.joined(separator: ", ")
            return "\(name): \(found)\n" + shares(labels.classes, labels.probabilities)
        }
        return "\(name): \(value)"
    }

    private func shares(_ classes: [String], _ probabilities: [Double]) -> String {
        zip(classes, probabilities)
            .sorted { $0.1 > $1.1 }
            .map { "\($0.0): " + String(format: "%.1f", 100 * $0.1) + " %" }
            .joined(separator: "\n")
    }

    private func text(_ column: Column) -> Binding<String> {
        Binding(
            get: { texts[column.name] ?? "" },
            set: { texts[column.name] = $0 }
        )
    }

    private func choice(_ column: Column) -> Binding<String> {
        Binding(
            get: { choices[column.name] ?? "" },
            set: { choices[column.name] = $0 }
        )
    }

    private func date(_ column: Column) -> Binding<Date> {
        Binding(
            get: { dates[column.name] ?? Date(timeIntervalSince1970: 0) },
            set: { dates[column.name] = $0 }
        )
    }
}
